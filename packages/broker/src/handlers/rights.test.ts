import { encodeUtf8, noBytes } from "@millrace/model";
import type { Api } from "@millrace/protocol";
import * as definitions from "@millrace/protocol/definitions";
import { afterAll, beforeAll, expect, test } from "vitest";
import { brokerWorld } from "../../test-support/broker-world.ts";
import { modernGroupRows } from "../../test-support/modern-group-rights.ts";
import {
  cluster,
  group,
  type Right,
  row,
  type Row,
  topic,
  transaction,
} from "../../test-support/rights-row.ts";
import { shareRows } from "../../test-support/share-rights.ts";
import { batchOf, TestClient } from "../../test-support/test-client.ts";
import type { Broker } from "../broker.ts";
import {
  operationNumbers,
  permissions,
  resourceNumbers,
} from "../security/authorization/access-control-numbers.ts";
import type { Resource } from "../server/request-context.ts";

/*
 * Every API, and the rights that a request of it takes: with all of them nothing is refused, and without any one of
 * them the refusal is that of its kind of resource. An API that is served and stands in neither table fails a test.
 */

const d = definitions;
const member = { groupId: "g", generationId: 1, memberId: "m" };
const producer = { transactionalId: "x", producerId: 1, producerEpoch: 0 };
const filter = {
  resourceTypeFilter: 2,
  resourceNameFilter: "none",
  patternTypeFilter: 3,
  principalFilter: null,
  hostFilter: null,
  operation: 3,
  permissionType: 3,
};
const partitions = [{ partitionIndex: 0 }];

const rows: readonly Row[] = [
  row(
    d.produceApi,
    9,
    {
      acks: 1,
      timeoutMs: 100,
      topicData: [{ name: "t", partitionData: [{ index: 0, records: batchOf(["a"]) }] }],
    },
    topic("WRITE"),
  ),
  row(
    d.fetchApi,
    12,
    {
      maxWaitMs: 0,
      minBytes: 1,
      topics: [
        { topic: "t", partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] },
      ],
    },
    topic("READ"),
  ),
  row(
    d.listOffsetsApi,
    7,
    { replicaId: -1, topics: [{ name: "t", partitions: [{ partitionIndex: 0, timestamp: -1 }] }] },
    topic("DESCRIBE"),
  ),
  row(d.metadataApi, 9, { topics: [{ name: "t" }] }, topic("DESCRIBE")),
  row(
    d.offsetCommitApi,
    7,
    {
      groupId: "g",
      generationIdOrMemberEpoch: -1,
      memberId: "",
      topics: [
        {
          name: "t",
          partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: "" }],
        },
      ],
    },
    group("READ"),
    topic("READ"),
  ),
  row(
    d.offsetFetchApi,
    7,
    { groupId: "g", topics: [{ name: "t", partitionIndexes: [0] }] },
    group("DESCRIBE"),
    topic("DESCRIBE"),
  ),
  row(d.findCoordinatorApi, 4, { keyType: 0, coordinatorKeys: ["g"] }, group("DESCRIBE")),
  row(
    d.joinGroupApi,
    5,
    {
      groupId: "g",
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId: "",
      protocolType: "consumer",
      protocols: [{ name: "range", metadata: noBytes }],
    },
    group("READ"),
  ),
  row(d.heartbeatApi, 3, member, group("READ")),
  row(d.leaveGroupApi, 3, { groupId: "g", members: [{ memberId: "m" }] }, group("READ")),
  row(d.syncGroupApi, 3, { ...member, assignments: [] }, group("READ")),
  row(d.describeGroupsApi, 5, { groups: ["g"] }, group("DESCRIBE")),
  row(
    d.createTopicsApi,
    7,
    {
      topics: [
        { name: "new", numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] },
      ],
      validateOnly: true,
    },
    ["TOPIC", "new", "CREATE"],
    ["TOPIC", "new", "DESCRIBE_CONFIGS"],
  ),
  row(d.deleteTopicsApi, 5, { topicNames: ["t"], timeoutMs: 100 }, topic("DELETE")),
  row(
    d.deleteRecordsApi,
    2,
    { topics: [{ name: "t", partitions: [{ partitionIndex: 0, offset: 0 }] }], timeoutMs: 100 },
    topic("DELETE"),
  ),
  row(
    d.initProducerIdApi,
    4,
    { transactionalId: "x", transactionTimeoutMs: 1000 },
    transaction("WRITE"),
  ),
  row(
    d.offsetForLeaderEpochApi,
    4,
    { replicaId: -1, topics: [{ topic: "t", partitions: [{ partition: 0, leaderEpoch: 0 }] }] },
    topic("DESCRIBE"),
  ),
  row(
    d.addPartitionsToTxnApi,
    3,
    {
      v3AndBelowTransactionalId: "x",
      v3AndBelowProducerId: 1,
      v3AndBelowProducerEpoch: 0,
      v3AndBelowTopics: [{ name: "t", partitions: [0] }],
    },
    transaction("WRITE"),
    topic("WRITE"),
  ),
  row(d.addOffsetsToTxnApi, 3, { ...producer, groupId: "g" }, transaction("WRITE"), group("READ")),
  row(d.endTxnApi, 3, { ...producer, committed: true }, transaction("WRITE")),
  row(
    d.txnOffsetCommitApi,
    3,
    {
      ...producer,
      groupId: "g",
      topics: [
        {
          name: "t",
          partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: "" }],
        },
      ],
    },
    transaction("WRITE"),
    group("READ"),
    topic("READ"),
  ),
  row(d.describeAclsApi, 3, filter, cluster("DESCRIBE")),
  row(
    d.createAclsApi,
    3,
    { creations: [aclOf(["TOPIC", "u", "READ"], "User:nobody")] },
    cluster("ALTER"),
  ),
  row(d.deleteAclsApi, 3, { filters: [filter] }, cluster("ALTER")),
  row(
    d.describeConfigsApi,
    4,
    { resources: [{ resourceType: 2, resourceName: "t", configurationKeys: [] }] },
    topic("DESCRIBE_CONFIGS"),
  ),
  row(
    d.createPartitionsApi,
    3,
    { topics: [{ name: "t", count: 2, assignments: null }], timeoutMs: 100, validateOnly: true },
    topic("ALTER"),
  ),
  row(d.deleteGroupsApi, 2, { groupsNames: ["g"] }, group("DELETE")),
  row(
    d.incrementalAlterConfigsApi,
    1,
    { resources: [{ resourceType: 2, resourceName: "t", configs: [] }], validateOnly: true },
    topic("ALTER_CONFIGS"),
  ),
  row(
    d.alterConfigsApi,
    2,
    {
      resources: [{ resourceType: 16, resourceName: "m", configs: [] }],
      validateOnly: true,
    },
    cluster("ALTER_CONFIGS"),
  ),
  row(
    d.offsetDeleteApi,
    0,
    { groupId: "offsets", topics: [{ name: "t", partitions }] },
    ["GROUP", "offsets", "DELETE"],
    topic("READ"),
  ),
  row(d.describeClientQuotasApi, 1, { components: [], strict: false }, cluster("DESCRIBE_CONFIGS")),
  row(
    d.alterClientQuotasApi,
    1,
    {
      entries: [
        {
          entity: [{ entityType: "user", entityName: "u" }],
          ops: [{ key: "producer_byte_rate", value: 1, remove: false }],
        },
      ],
      validateOnly: true,
    },
    cluster("ALTER_CONFIGS"),
  ),
  row(d.describeUserScramCredentialsApi, 0, { users: [] }, cluster("DESCRIBE")),
  row(
    d.alterUserScramCredentialsApi,
    0,
    { deletions: [{ name: "u", mechanism: 1 }], upsertions: [] },
    cluster("ALTER"),
  ),
  row(d.describeProducersApi, 0, { topics: [{ name: "t", partitionIndexes: [0] }] }, topic("READ")),
  row(d.describeTransactionsApi, 0, { transactionalIds: ["x"] }, transaction("DESCRIBE")),
  row(
    d.describeTopicPartitionsApi,
    0,
    { topics: [{ name: "t" }], responsePartitionLimit: 10, cursor: null },
    topic("DESCRIBE"),
  ),
  row(
    d.electLeadersApi,
    2,
    { topicPartitions: [{ topic: "t", partitions: [0] }] },
    cluster("ALTER"),
  ),
  row(
    d.alterPartitionReassignmentsApi,
    1,
    { topics: [{ name: "t", partitions: [{ partitionIndex: 0, replicas: [1] }] }] },
    cluster("ALTER"),
  ),
  row(d.listPartitionReassignmentsApi, 0, {}, cluster("DESCRIBE")),
  row(
    d.describeQuorumApi,
    2,
    { topics: [{ topicName: "__cluster_metadata", partitions }] },
    cluster("DESCRIBE"),
  ),
  row(
    d.addRaftVoterApi,
    1,
    {
      clusterId: null,
      timeoutMs: 100,
      voterId: 9,
      voterDirectoryId: "BAAAAAAAAAAAAAAAAAAAAA",
      listeners: [],
    },
    cluster("ALTER"),
  ),
  row(
    d.removeRaftVoterApi,
    0,
    { clusterId: null, voterId: 9, voterDirectoryId: "BAAAAAAAAAAAAAAAAAAAAA" },
    cluster("ALTER"),
  ),
  row(d.unregisterBrokerApi, 0, { brokerId: 77 }, cluster("ALTER")),
  row(d.updateFeaturesApi, 2, { featureUpdates: [], validateOnly: true }, cluster("ALTER")),
  row(d.describeLogDirsApi, 4, { topics: null }, cluster("DESCRIBE")),
  row(
    d.alterReplicaLogDirsApi,
    2,
    { dirs: [{ path: "/none", topics: [{ name: "t", partitions: [0] }] }] },
    cluster("ALTER"),
  ),
  row(d.listConfigResourcesApi, 1, { resourceTypes: [] }, cluster("DESCRIBE_CONFIGS")),
  row(
    d.writeTxnMarkersApi,
    2,
    {
      markers: [
        {
          producerId: 9,
          producerEpoch: 0,
          transactionResult: false,
          topics: [{ name: "t", partitionIndexes: [0] }],
          coordinatorEpoch: 0,
        },
      ],
    },
    cluster("CLUSTER_ACTION"),
  ),
  row(
    d.createDelegationTokenApi,
    3,
    {
      ownerPrincipalType: "User",
      ownerPrincipalName: "bob",
      renewers: [],
      maxLifetimeMs: -1,
    },
    ["USER", "User:bob", "CREATE_TOKENS"],
  ),
  ...shareRows,
  // Of the row before those.
  ...modernGroupRows,
];

/** Answered to everybody, or by leaving out what may not be seen. */
const open: readonly Api[] = [
  d.apiVersionsApi,
  d.saslHandshakeApi,
  d.saslAuthenticateApi,
  d.listGroupsApi,
  d.listTransactionsApi,
  d.describeClusterApi,
  // Of its owner and those who may renew it.
  d.renewDelegationTokenApi,
  d.expireDelegationTokenApi,
  d.describeDelegationTokenApi,
].map((api) => api as unknown as Api);

const refusalOf: Readonly<Partial<Record<Resource["kind"], number>>> = {
  TOPIC: 29,
  GROUP: 30,
  CLUSTER: 31,
  TRANSACTIONAL_ID: 53,
  USER: 65,
};
const refusals = Object.values(refusalOf);

function aclOf([kind, resourceName, operation]: Right, principal = "User:ann") {
  return {
    resourceType: resourceNumbers[kind],
    resourceName,
    resourcePatternType: 3,
    principal,
    host: "*",
    operation: operationNumbers[operation],
    permissionType: permissions.ALLOW,
  };
}

/** All error codes in an answer, however deep. */
function codesIn(answer: unknown): readonly number[] {
  if (Array.isArray(answer)) return answer.flatMap(codesIn);
  if (typeof answer !== "object" || answer === null || answer instanceof Uint8Array) return [];
  return Object.entries(answer).flatMap(([name, value]) =>
    /[eE]rrorCode$/.test(name) ? [Number(value)] : codesIn(value),
  );
}

const world = brokerWorld({
  port: undefined,
  properties: {
    "group.initial.rebalance.delay.ms": 0,
    "offsets.topic.num.partitions": 1,
    "transaction.state.log.num.partitions": 1,
    listeners: "PLAINTEXT://127.0.0.1:9092,SASL_PLAINTEXT://127.0.0.1:9094",
    "sasl.enabled.mechanisms": "PLAIN",
    "listener.name.sasl_plaintext.plain.sasl.jaas.config":
      'PlainLoginModule required user_ann="a";',
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
    "delegation.token.secret.key": "secret",
  },
});
let broker: Broker;
let master: TestClient;
let ann: TestClient;

beforeAll(() =>
  world.platform.until(
    (async () => {
      ({ broker, client: master } = await world.start());
      ann = await TestClient.connect(world.platform, broker.addresses[1]);
      await ann.ask(d.saslHandshakeApi, 1, { mechanism: "PLAIN" });
      await ann.ask(d.saslAuthenticateApi, 2, { authBytes: encodeUtf8("\0ann\0a") });
    })(),
  ),
);
afterAll(() => world.platform.until(broker.close()));

async function codesWith({ api, version, request }: Row, rights: readonly Right[]) {
  await master.createTopic("t");
  await master.commitOffset("offsets", "t", 1);
  await master.ask(d.createAclsApi, 3, { creations: rights.map((right) => aclOf(right)) });
  const answer = await ann.ask(api, version, request as never);
  const ofAnn = {
    ...filter,
    resourceTypeFilter: 1,
    resourceNameFilter: null,
    patternTypeFilter: 1,
    operation: 1,
    permissionType: 1,
  };
  await master.ask(d.deleteAclsApi, 3, { filters: [ofAnn] });
  expect(answer, "the connection was closed").toBeDefined();
  return codesIn(answer);
}

test.each(rows.map((one) => ({ name: one.api.name, one })))(
  "$name takes each of its rights, and no other",
  ({ one }) =>
    world.platform.until(
      (async () => {
        const { rights } = one;
        const codes = await codesWith(one, rights);
        expect(codes.filter((code) => refusals.includes(code))).toEqual([]);
        for (const missing of rights) {
          const left = rights.filter((right) => right !== missing);
          expect(await codesWith(one, left), missing.join(" ")).toContain(refusalOf[missing[0]]);
        }
      })(),
    ),
);

test("every API that is served has its row", () =>
  world.platform.until(
    (async () => {
      const answer = await ann.ask(d.apiVersionsApi, 3, {
        clientSoftwareName: "test",
        clientSoftwareVersion: "1",
      });
      const known = new Set([...rows.map(({ api }) => api.key), ...open.map(({ key }) => key)]);
      const served = answer?.apiKeys.map(({ apiKey }) => apiKey) ?? [];
      expect(served.length).toBeGreaterThan(30);
      expect(served.filter((key) => !known.has(key))).toEqual([]);
    })(),
  ));
