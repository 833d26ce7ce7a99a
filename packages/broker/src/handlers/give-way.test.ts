import { memoryPlatform } from "@millrace/platform/memory";
import { drainTurn } from "@millrace/platform/node";
import type { Api, Message } from "@millrace/protocol";
import {
  consumerGroupDescribeApi,
  deleteAclsApi,
  deleteRecordsApi,
  describeProducersApi,
  describeShareGroupOffsetsApi,
  listOffsetsApi,
  metadataApi,
  offsetForLeaderEpochApi,
  readShareGroupStateSummaryApi,
  shareGroupDescribeApi,
  streamsGroupDescribeApi,
} from "@millrace/protocol/definitions";
import { zeroUuid } from "@millrace/protocol/wire";
import { expect, test } from "vitest";
import { TestClient } from "../../test-support/test-client.ts";
import { withClient } from "../../test-support/with-client.ts";
import { Broker } from "../broker.ts";

const count = 2000;
const many = <Item>(make: (index: number) => Item) =>
  Array.from({ length: count }, (_, i) => make(i));

const properties = {
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "allow.everyone.if.no.acl.found": "true",
};

/** A platform on which every look at the clock takes a millisecond. */
function slowPlatform() {
  const platform = memoryPlatform({ drain: drainTurn });
  let looks = 0;
  const monotonicMs = () => platform.clock.monotonicMs() + looks++;
  return {
    ...platform,
    clock: { wallMs: () => platform.clock.wallMs(), monotonicMs },
    until: platform.until,
  };
}

/** Who is answered first: a client that asks for much, or one that asks for little after it. */
async function firstAnswered(api: Api, version: number, request: object): Promise<string> {
  const platform = slowPlatform();
  const run = async () => {
    const broker = await Broker.start(platform, { dataDirectory: "/data", port: 9092, properties });
    const patient = await TestClient.connect(platform, broker.address);
    const quick = await TestClient.connect(platform, broker.address);
    await quick.createTopic("t");
    const first = await Promise.race([
      patient.ask(api, version, request).then(() => "the long one"),
      quick.ask(metadataApi, 9, { topics: [] }).then(() => "the short one"),
    ]);
    await broker.close();
    return first;
  };
  return platform.until(run());
}

const inOneTopic = (partition: (index: number) => object) => ({
  topics: [{ name: "t", topic: "t", partitions: many(partition) }],
});

test.each<[string, Api<Message, Message>, number, object]>([
  [
    "ListOffsets of a topic's partitions",
    listOffsetsApi as Api,
    7,
    { replicaId: -1, ...inOneTopic((partitionIndex) => ({ partitionIndex, timestamp: 1 })) },
  ],
  [
    "OffsetForLeaderEpoch of a topic's partitions",
    offsetForLeaderEpochApi as Api,
    4,
    inOneTopic((partition) => ({ partition, leaderEpoch: 0 })),
  ],
  [
    "DescribeProducers of a topic's partitions",
    describeProducersApi as Api,
    0,
    { topics: [{ name: "t", partitionIndexes: many((index) => index) }] },
  ],
  [
    "DeleteRecords of a topic's partitions",
    deleteRecordsApi as Api,
    2,
    inOneTopic((partitionIndex) => ({ partitionIndex, offset: 0 })),
  ],
  [
    "DeleteRecords of many topics",
    deleteRecordsApi as Api,
    2,
    {
      topics: many((index) => ({
        name: `t${index}`,
        partitions: [{ partitionIndex: 0, offset: 0 }],
      })),
    },
  ],
  [
    "DeleteAcls of many filters",
    deleteAclsApi as Api,
    3,
    {
      filters: many(() => ({
        resourceTypeFilter: 1,
        resourceNameFilter: null,
        patternTypeFilter: 1,
        principalFilter: null,
        hostFilter: null,
        operation: 1,
        permissionType: 1,
      })),
    },
  ],
  [
    "DescribeShareGroupOffsets of a topic's partitions",
    describeShareGroupOffsetsApi as Api,
    1,
    {
      groups: [{ groupId: "g", topics: [{ topicName: "t", partitions: many((index) => index) }] }],
    },
  ],
  [
    "ReadShareGroupStateSummary of a topic's partitions",
    readShareGroupStateSummaryApi as Api,
    0,
    {
      groupId: "g",
      topics: [
        { topicId: zeroUuid, partitions: many((partition) => ({ partition, leaderEpoch: 0 })) },
      ],
    },
  ],
])("%s gives way to others", async (_, api, version, request) => {
  expect(await firstAnswered(api, version, request)).toBe("the short one");
});

const ofGroups = { groupIds: many(() => "g"), includeAuthorizedOperations: false };

test.each<[string, Api<Message, Message>, number, object]>([
  ["ConsumerGroupDescribe", consumerGroupDescribeApi as Api, 1, ofGroups],
  ["ShareGroupDescribe", shareGroupDescribeApi as Api, 1, ofGroups],
  ["StreamsGroupDescribe", streamsGroupDescribeApi as Api, 0, ofGroups],
  [
    "DescribeShareGroupOffsets",
    describeShareGroupOffsetsApi as Api,
    1,
    { groups: many(() => ({ groupId: "g", topics: null })) },
  ],
])("%s tells of a group once, however often a long request names it", (_, api, version, request) =>
  withClient(async ({ client }) => {
    const answer: unknown = await client.ask(api, version, request);
    expect(answer).toMatchObject({ groups: [{ groupId: "g" }] });
  }),
);
