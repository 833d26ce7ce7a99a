import * as d from "@millrace/protocol/definitions";
import { row, type Row, topic } from "./rights-row.ts";

/** Rights of the groups whose assignors run on the broker. */
export const modernGroupRows: readonly Row[] = [
  row(
    d.consumerGroupHeartbeatApi,
    1,
    {
      groupId: "consumers",
      memberId: "m",
      memberEpoch: 0,
      rebalanceTimeoutMs: 1000,
      subscribedTopicNames: ["t"],
      topicPartitions: [],
    },
    ["GROUP", "consumers", "READ"],
    topic("DESCRIBE"),
  ),
  // Of the row before.
  row(
    d.consumerGroupDescribeApi,
    1,
    { groupIds: ["consumers"], includeAuthorizedOperations: false },
    ["GROUP", "consumers", "DESCRIBE"],
    topic("DESCRIBE"),
  ),
  row(
    d.streamsGroupHeartbeatApi,
    0,
    {
      groupId: "streams",
      memberId: "m",
      memberEpoch: 0,
      endpointInformationEpoch: 0,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: 1000,
      topology: { epoch: 0, subtopologies: [{ subtopologyId: "0", sourceTopics: ["t"] }] },
      activeTasks: [],
      standbyTasks: [],
      warmupTasks: [],
      processId: "p",
      userEndpoint: null,
      clientTags: null,
      taskOffsets: null,
      taskEndOffsets: null,
    } as never,
    ["GROUP", "streams", "READ"],
    topic("DESCRIBE"),
  ),
  // Of the row before.
  row(
    d.streamsGroupDescribeApi,
    0,
    { groupIds: ["streams"], includeAuthorizedOperations: false },
    ["GROUP", "streams", "DESCRIBE"],
    topic("DESCRIBE"),
  ),
];
