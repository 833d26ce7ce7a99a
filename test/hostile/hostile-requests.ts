import { noHeaders } from "@millrace/model";
import { type Api, encodeRequest, type Given, type Message } from "@millrace/protocol";
import { nodeCompression } from "@millrace/protocol/compression";
import * as apis from "@millrace/protocol/definitions";
import { RecordBatchBuilder } from "@millrace/protocol/records";

/** One API, and a request of it that names as many things as it is told to. */
export interface HostileRequest {
  readonly name: string;
  /** A whole frame. */
  readonly encode: (count: number) => Uint8Array;
}

/** A topic that is there, with one partition and some records. */
export const topic = "orders";
const group = "group";
const partition = { partitionIndex: 0 };

export function many<Item>(count: number, item: (index: number) => Item): Item[] {
  return Array.from({ length: count }, (_, index) => item(index));
}

export function hostile<Request extends Message, Response extends Message>(
  what: string,
  [api, version]: readonly [Api<Request, Response>, number],
  body: (count: number) => Given<Request>,
): HostileRequest {
  const header = { version, correlationId: 1, clientId: "hostile" };
  return {
    name: `${api.name} v${version}: ${what}`,
    encode: (count) => Buffer.concat(encodeRequest(api, header, body(count))),
  };
}

/** A megabyte at most, and gigabytes once it is unpacked. */
function bomb(): Uint8Array {
  const builder = new RecordBatchBuilder({ capacityBytes: 64 * 1024 * 1024 });
  builder.append(1, null, new Uint8Array(60 * 1024 * 1024), noHeaders);
  return builder.build({ compression: "gzip", codecs: nodeCompression });
}

const offset = { ...partition, committedOffset: 1, committedMetadata: "" };
const producer = { producerId: 1, producerEpoch: 0 };
const fetched = { partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000_000 };

/** The same thing over and over. */
export const repeated: readonly HostileRequest[] = [
  hostile("a topic", [apis.describeConfigsApi, 4], (count) => ({
    resources: many(count, () => ({
      resourceType: 2,
      resourceName: topic,
      configurationKeys: null,
    })),
    includeSynonyms: true,
  })),
  hostile("the broker", [apis.describeConfigsApi, 4], (count) => ({
    resources: many(count, () => ({
      resourceType: 4,
      resourceName: "0",
      configurationKeys: null,
    })),
    includeSynonyms: true,
  })),
  hostile("a key of a topic", [apis.describeConfigsApi, 4], (count) => ({
    resources: [
      {
        resourceType: 2,
        resourceName: topic,
        configurationKeys: many(count, () => "retention.ms"),
      },
    ],
  })),
  hostile("a topic", [apis.metadataApi, 13], (count) => ({
    topics: many(count, () => ({ name: topic })),
  })),
  hostile("a topic", [apis.describeTopicPartitionsApi, 0], (count) => ({
    topics: many(count, () => ({ name: topic })),
  })),
  hostile("a group", [apis.offsetFetchApi, 9], (count) => ({
    groups: many(count, () => ({ groupId: group, topics: null })),
  })),
  hostile("a partition", [apis.offsetFetchApi, 9], (count) => ({
    groups: [{ groupId: group, topics: [{ name: topic, partitionIndexes: many(count, () => 0) }] }],
  })),
  hostile("a partition", [apis.offsetCommitApi, 9], (count) => ({
    groupId: group,
    memberId: "",
    topics: [{ name: topic, partitions: many(count, () => offset) }],
  })),
  hostile("a partition", [apis.offsetDeleteApi, 0], (count) => ({
    groupId: group,
    topics: [{ name: topic, partitions: many(count, () => partition) }],
  })),
  hostile("a group", [apis.describeGroupsApi, 6], (count) => ({
    groups: many(count, () => group),
  })),
  hostile("a group", [apis.deleteGroupsApi, 2], (count) => ({
    groupsNames: many(count, () => "no-group"),
  })),
  hostile("a key", [apis.findCoordinatorApi, 6], (count) => ({
    keyType: 0,
    coordinatorKeys: many(count, () => group),
  })),
  hostile("a member", [apis.leaveGroupApi, 5], (count) => ({
    groupId: group,
    members: many(count, () => ({ memberId: "nobody" })),
  })),
  hostile("a protocol", [apis.joinGroupApi, 9], (count) => ({
    groupId: "joined",
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId: "",
    protocolType: "consumer",
    protocols: many(count, () => ({ name: "range", metadata: new Uint8Array(0) })),
  })),
  hostile("a partition", [apis.listOffsetsApi, 8], (count) => ({
    replicaId: -1,
    topics: [{ name: topic, partitions: many(count, () => ({ ...partition, timestamp: 1 })) }],
  })),
  hostile("a topic", [apis.listOffsetsApi, 8], (count) => ({
    replicaId: -1,
    topics: many(count, () => ({ name: topic, partitions: [{ ...partition, timestamp: 1 }] })),
  })),
  hostile("a topic", [apis.offsetForLeaderEpochApi, 4], (count) => ({
    topics: many(count, () => ({ topic, partitions: [{ partition: 0, leaderEpoch: 1 }] })),
  })),
  hostile("a partition", [apis.deleteRecordsApi, 2], (count) => ({
    topics: [{ name: topic, partitions: many(count, () => ({ ...partition, offset: 0 })) }],
    timeoutMs: 1000,
  })),
  hostile("a topic", [apis.createTopicsApi, 7], (count) => ({
    topics: many(count, () => ({
      name: "new",
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    })),
    timeoutMs: 1000,
  })),
  hostile("a topic", [apis.createPartitionsApi, 3], (count) => ({
    topics: many(count, () => ({ name: topic, count: 3, assignments: null })),
    timeoutMs: 1000,
    validateOnly: true,
  })),
  hostile("a topic", [apis.deleteTopicsApi, 5], (count) => ({
    topicNames: many(count, () => "no-topic"),
    timeoutMs: 1000,
  })),
  hostile("a topic", [apis.incrementalAlterConfigsApi, 1], (count) => ({
    resources: many(count, () => ({ resourceType: 2, resourceName: topic, configs: [] })),
    validateOnly: true,
  })),
  hostile("a property", [apis.incrementalAlterConfigsApi, 1], (count) => ({
    resources: [
      {
        resourceType: 2,
        resourceName: topic,
        configs: many(count, () => ({ name: "retention.ms", configOperation: 0, value: "1" })),
      },
    ],
    validateOnly: true,
  })),
  hostile("a partition", [apis.describeProducersApi, 0], (count) => ({
    topics: [{ name: topic, partitionIndexes: many(count, () => 0) }],
  })),
  hostile("an id", [apis.describeTransactionsApi, 0], (count) => ({
    transactionalIds: many(count, () => "tx"),
  })),
  hostile("a producer", [apis.listTransactionsApi, 1], (count) => ({
    stateFilters: [],
    producerIdFilters: many(count, () => 1),
  })),
  hostile("a state", [apis.listGroupsApi, 5], (count) => ({
    statesFilter: many(count, () => "Stable"),
    typesFilter: many(count, () => "classic"),
  })),
  hostile("a partition", [apis.addPartitionsToTxnApi, 3], (count) => ({
    v3AndBelowTransactionalId: "tx",
    v3AndBelowProducerId: 1,
    v3AndBelowProducerEpoch: 0,
    v3AndBelowTopics: [{ name: topic, partitions: many(count, () => 0) }],
  })),
  hostile("a transaction", [apis.addPartitionsToTxnApi, 5], (count) => ({
    transactions: many(count, () => ({
      transactionalId: "tx",
      ...producer,
      topics: [{ name: topic, partitions: [0] }],
    })),
  })),
  hostile("a partition", [apis.txnOffsetCommitApi, 3], (count) => ({
    transactionalId: "tx",
    groupId: group,
    ...producer,
    topics: [{ name: topic, partitions: many(count, () => offset) }],
  })),
  hostile("a partition", [apis.fetchApi, 12], (count) => ({
    maxWaitMs: 0,
    minBytes: 1,
    topics: [{ topic, partitions: many(count, () => fetched) }],
  })),
  hostile("a topic", [apis.fetchApi, 12], (count) => ({
    maxWaitMs: 500,
    minBytes: 100_000_000,
    topics: many(count, () => ({ topic, partitions: [fetched] })),
  })),
  hostile("a partition", [apis.produceApi, 9], (count) => ({
    acks: -1,
    timeoutMs: 1000,
    topicData: [{ name: topic, partitionData: many(count, () => ({ index: 0, records: null })) }],
  })),
];

/** As many things as there are names for. */
export const distinct: readonly HostileRequest[] = [
  hostile("topics that are not there", [apis.deleteTopicsApi, 5], (count) => ({
    topicNames: many(count, (index) => `t${index}`),
    timeoutMs: 1000,
  })),
  hostile("topics that are not there", [apis.createPartitionsApi, 3], (count) => ({
    topics: many(count, (index) => ({ name: `t${index}`, count: 3, assignments: null })),
    timeoutMs: 1000,
    validateOnly: true,
  })),
  hostile("topics that are not there", [apis.incrementalAlterConfigsApi, 1], (count) => ({
    resources: many(count, (index) => ({
      resourceType: 2,
      resourceName: `t${index}`,
      configs: [],
    })),
    validateOnly: true,
  })),
  hostile("topics that are not there", [apis.metadataApi, 13], (count) => ({
    topics: many(count, (index) => ({ name: `t${index}` })),
    allowAutoTopicCreation: false,
  })),
  hostile("topics that are not there", [apis.describeConfigsApi, 4], (count) => ({
    resources: many(count, (index) => ({
      resourceType: 2,
      resourceName: `t${index}`,
      configurationKeys: null,
    })),
  })),
  hostile("topics of a bad name", [apis.createTopicsApi, 7], (count) => ({
    topics: many(count, (index) => ({
      name: `?${index}`,
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    })),
    timeoutMs: 1000,
  })),
  hostile("a topic of very many partitions", [apis.createTopicsApi, 7], () => ({
    topics: [
      {
        name: "wide",
        numPartitions: 2 ** 31 - 1,
        replicationFactor: 1,
        assignments: [],
        configs: [],
      },
    ],
    timeoutMs: 1000,
  })),
  hostile("assignments", [apis.createTopicsApi, 7], (count) => ({
    topics: [
      {
        name: "assigned",
        numPartitions: -1,
        replicationFactor: -1,
        assignments: many(count, (index) => ({ partitionIndex: index, brokerIds: [0] })),
        configs: [],
      },
    ],
    timeoutMs: 1000,
    validateOnly: true,
  })),
  hostile("groups that are not there", [apis.describeGroupsApi, 6], (count) => ({
    groups: many(count, (index) => `g${index}`),
  })),
  hostile("groups that are not there", [apis.deleteGroupsApi, 2], (count) => ({
    groupsNames: many(count, (index) => `g${index}`),
  })),
  hostile("groups that are not there", [apis.offsetFetchApi, 9], (count) => ({
    groups: many(count, (index) => ({ groupId: `g${index}`, topics: null })),
  })),
  hostile("ids that are not there", [apis.describeTransactionsApi, 0], (count) => ({
    transactionalIds: many(count, (index) => `tx${index}`),
  })),
  hostile("partitions that are not there", [apis.fetchApi, 12], (count) => ({
    maxWaitMs: 0,
    minBytes: 1,
    topics: [{ topic, partitions: many(count, (index) => ({ ...fetched, partition: index })) }],
  })),
  hostile("partitions that are not there", [apis.listOffsetsApi, 8], (count) => ({
    replicaId: -1,
    topics: [
      {
        name: topic,
        partitions: many(count, (index) => ({ partitionIndex: index, timestamp: 1 })),
      },
    ],
  })),
  hostile("a pattern that many things nearly match", [apis.listTransactionsApi, 2], () => ({
    stateFilters: [],
    producerIdFilters: [],
    transactionalIdPattern: "(a+)+b",
  })),
];

/** Batches that unpack to much more than they are. */
export function bombs(count: number): Uint8Array {
  const records = bomb();
  const body = {
    acks: -1,
    timeoutMs: 1000,
    topicData: many(count, (index) => ({
      name: `bombs-${index % 8}`,
      partitionData: [{ index: Math.floor(index / 8), records }],
    })),
  };
  const header = { version: 9, correlationId: 1, clientId: "hostile" };
  return Buffer.concat(encodeRequest(apis.produceApi, header, body));
}

/** As many frames as fit into so many bytes, of as many things as fit. */
export function frameOf({ encode }: HostileRequest, sizeBytes: number): Uint8Array {
  const perThing = Math.max((encode(2000).length - encode(1000).length) / 1000, 1);
  return encode(Math.ceil(sizeBytes / perThing));
}
