import * as d from "@millrace/protocol/definitions";
import { cluster, row, type Row, topic } from "./rights-row.ts";

const shareState = <Partition>(partition: Partition) => ({
  groupId: "share",
  topics: [{ topicId: "AAAAAAAAAAAAAAAAAAAAAQ", partitions: [partition] }],
});

/** Of share groups (KIP-932). */
export const shareRows: readonly Row[] = [
  row(
    d.shareFetchApi,
    1,
    {
      groupId: "share",
      memberId: "m",
      shareSessionEpoch: 0,
      maxWaitMs: 0,
      minBytes: 0,
      maxRecords: 1,
      batchSize: 1,
      topics: [],
      forgottenTopicsData: [],
    },
    ["GROUP", "share", "READ"],
  ),
  row(
    d.shareAcknowledgeApi,
    1,
    { groupId: "share", memberId: "m", shareSessionEpoch: 1, topics: [] },
    ["GROUP", "share", "READ"],
  ),
  row(
    d.shareGroupHeartbeatApi,
    1,
    { groupId: "share", memberId: "m", memberEpoch: 0, rackId: null, subscribedTopicNames: ["t"] },
    ["GROUP", "share", "READ"],
    topic("DESCRIBE"),
  ),
  row(d.shareGroupDescribeApi, 1, { groupIds: ["share"], includeAuthorizedOperations: false }, [
    "GROUP",
    "share",
    "DESCRIBE",
  ]),
  row(
    d.describeShareGroupOffsetsApi,
    1,
    { groups: [{ groupId: "share", topics: [{ topicName: "t", partitions: [0] }] }] },
    ["GROUP", "share", "DESCRIBE"],
    topic("DESCRIBE"),
  ),
  row(
    d.alterShareGroupOffsetsApi,
    0,
    {
      groupId: "other",
      topics: [{ topicName: "t", partitions: [{ partitionIndex: 0, startOffset: 0 }] }],
    },
    ["GROUP", "other", "READ"],
    topic("READ"),
  ),
  row(
    d.deleteShareGroupOffsetsApi,
    0,
    { groupId: "other", topics: [{ topicName: "t" }] },
    ["GROUP", "other", "DELETE"],
    topic("READ"),
  ),
  row(
    d.initializeShareGroupStateApi,
    0,
    shareState({ partition: 0, stateEpoch: 0, startOffset: 0 }),
    cluster("CLUSTER_ACTION"),
  ),
  row(
    d.readShareGroupStateApi,
    0,
    shareState({ partition: 0, leaderEpoch: 0 }),
    cluster("CLUSTER_ACTION"),
  ),
  row(
    d.writeShareGroupStateApi,
    1,
    shareState({ partition: 0, stateEpoch: 0, leaderEpoch: 0, startOffset: 0, stateBatches: [] }),
    cluster("CLUSTER_ACTION"),
  ),
  row(d.deleteShareGroupStateApi, 0, shareState({ partition: 0 }), cluster("CLUSTER_ACTION")),
  row(
    d.readShareGroupStateSummaryApi,
    1,
    shareState({ partition: 0, leaderEpoch: 0 }),
    cluster("CLUSTER_ACTION"),
  ),
];
