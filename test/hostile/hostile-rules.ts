import * as apis from "@millrace/protocol/definitions";

import { hostile, type HostileRequest, many, topic } from "./hostile-requests.ts";

/* Requests about rules, users, quotas, shared records, and groups that the broker assigns for. */

const group = "group";
const memberId = "AAAAAAAAAAAAAAAAAAAAAQ";
const noTopic = "AAAAAAAAAAAAAAAAAAAAAg";

/** An id of a topic that is not there, another one each time. */
export function topicIdOf(index: number): string {
  const bytes = Buffer.alloc(16, 7);
  bytes.writeUInt32BE(index);
  return bytes.toString("base64url");
}

const filter = {
  resourceTypeFilter: 1,
  resourceNameFilter: null,
  patternTypeFilter: 1,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
};

const rule = {
  resourceType: 2,
  resourcePatternType: 3,
  principal: "User:nobody",
  host: "*",
  operation: 3,
  permissionType: 3,
};

export const aboutRules: readonly HostileRequest[] = [
  hostile("a rule", [apis.createAclsApi, 3], (count) => ({
    creations: many(count, () => ({ ...rule, resourceName: "one" })),
  })),
  hostile("a rule of a bad name", [apis.createAclsApi, 3], (count) => ({
    creations: many(count, () => ({ ...rule, resourceName: "" })),
  })),
  hostile("rules", [apis.createAclsApi, 3], (count) => ({
    creations: many(Math.min(count, 2000), (index) => ({ ...rule, resourceName: `r${index}` })),
  })),
  hostile("a filter for all", [apis.deleteAclsApi, 3], (count) => ({
    filters: many(count, () => ({ ...filter, principalFilter: "User:none" })),
  })),
  hostile("a filter for one", [apis.deleteAclsApi, 3], (count) => ({
    filters: many(count, () => ({
      ...filter,
      resourceTypeFilter: 2,
      resourceNameFilter: "r1",
      patternTypeFilter: 2,
    })),
  })),
  hostile("an entity", [apis.alterClientQuotasApi, 1], (count) => ({
    entries: many(count, () => ({
      entity: [{ entityType: "user", entityName: "a" }],
      ops: [{ key: "producer_byte_rate", value: 1, remove: false }],
    })),
    validateOnly: true,
  })),
  hostile("entities", [apis.alterClientQuotasApi, 1], (count) => ({
    entries: many(count, (index) => ({
      entity: [{ entityType: "user", entityName: `u${index}` }],
      ops: [{ key: "producer_byte_rate", value: 1, remove: false }],
    })),
    validateOnly: true,
  })),
  hostile("parts of an entity", [apis.alterClientQuotasApi, 1], (count) => ({
    entries: [
      {
        entity: many(count, (index) => ({ entityType: `e${index}`, entityName: "a" })),
        ops: [],
      },
    ],
    validateOnly: true,
  })),
  hostile("keys", [apis.alterClientQuotasApi, 1], (count) => ({
    entries: [
      {
        entity: [{ entityType: "user", entityName: "a" }],
        ops: many(count, (index) => ({ key: `k${index}`, value: 1, remove: false })),
      },
    ],
    validateOnly: true,
  })),
  hostile("parts", [apis.describeClientQuotasApi, 1], (count) => ({
    components: many(count, () => ({ entityType: "user", matchType: 2, match: null })),
    strict: false,
  })),
  hostile("users", [apis.alterUserScramCredentialsApi, 0], (count) => ({
    deletions: [],
    upsertions: many(count, (index) => ({
      name: `u${index}`,
      mechanism: 1,
      iterations: index === 0 ? 4096 : 1,
      salt: new Uint8Array(16),
      saltedPassword: new Uint8Array(32),
    })),
  })),
  hostile("users that are not there", [apis.alterUserScramCredentialsApi, 0], (count) => ({
    deletions: many(count, (index) => ({ name: `u${index}`, mechanism: 1 })),
    upsertions: [],
  })),
  hostile("a user", [apis.describeUserScramCredentialsApi, 0], (count) => ({
    users: many(count, () => ({ name: "u" })),
  })),
  hostile("users", [apis.describeUserScramCredentialsApi, 0], (count) => ({
    users: many(count, (index) => ({ name: `u${index}` })),
  })),
  hostile("a group", [apis.consumerGroupDescribeApi, 1], (count) => ({
    groupIds: many(count, () => group),
    includeAuthorizedOperations: true,
  })),
  hostile("a group", [apis.shareGroupDescribeApi, 1], (count) => ({
    groupIds: many(count, () => group),
    includeAuthorizedOperations: true,
  })),
  hostile("a group", [apis.streamsGroupDescribeApi, 0], (count) => ({
    groupIds: many(count, () => group),
    includeAuthorizedOperations: true,
  })),
  hostile("topic names", [apis.consumerGroupHeartbeatApi, 1], (count) => ({
    groupId: "consumers",
    memberId,
    memberEpoch: 0,
    rebalanceTimeoutMs: 1000,
    subscribedTopicNames: many(count, (index) => `t${index}`),
    topicPartitions: [],
  })),
  hostile("a topic name", [apis.consumerGroupHeartbeatApi, 1], (count) => ({
    groupId: "consumers-of-one",
    memberId,
    memberEpoch: 0,
    rebalanceTimeoutMs: 1000,
    subscribedTopicNames: many(count, () => topic),
    topicPartitions: [],
  })),
  hostile("partitions", [apis.consumerGroupHeartbeatApi, 1], (count) => ({
    groupId: "consumers-of-one",
    memberId,
    memberEpoch: 1,
    topicPartitions: many(count, (index) => ({ topicId: topicIdOf(index), partitions: [0] })),
  })),
  hostile("topic names", [apis.shareGroupHeartbeatApi, 1], (count) => ({
    groupId: "sharers",
    memberId,
    memberEpoch: 0,
    subscribedTopicNames: many(count, (index) => `t${index}`),
  })),
  hostile("subtopologies", [apis.streamsGroupHeartbeatApi, 0], (count) => ({
    groupId: "streams",
    memberId,
    memberEpoch: 0,
    endpointInformationEpoch: 0,
    rebalanceTimeoutMs: 1000,
    topology: {
      epoch: 0,
      subtopologies: many(count, (index) => ({
        subtopologyId: `${index}`,
        sourceTopics: [topic],
        sourceTopicRegex: [],
        stateChangelogTopics: [],
        repartitionSinkTopics: [],
        repartitionSourceTopics: [],
        copartitionGroups: [],
      })),
    },
    activeTasks: [],
    standbyTasks: [],
    warmupTasks: [],
    processId: "process",
    clientTags: [],
  })),
  hostile("topics that are not there", [apis.describeShareGroupOffsetsApi, 1], (count) => ({
    groups: [
      { groupId: group, topics: many(count, (i) => ({ topicName: `t${i}`, partitions: [0] })) },
    ],
  })),
  hostile("a partition", [apis.describeShareGroupOffsetsApi, 1], (count) => ({
    groups: [{ groupId: group, topics: [{ topicName: topic, partitions: many(count, () => 0) }] }],
  })),
  hostile("groups", [apis.describeShareGroupOffsetsApi, 1], (count) => ({
    groups: many(count, (i) => ({ groupId: `g${i}`, topics: null })),
  })),
  hostile("topics that are not there", [apis.alterShareGroupOffsetsApi, 0], (count) => ({
    groupId: group,
    topics: many(count, (i) => ({
      topicName: `t${i}`,
      partitions: [{ partitionIndex: 0, startOffset: 0 }],
    })),
  })),
  hostile("a partition", [apis.alterShareGroupOffsetsApi, 0], (count) => ({
    groupId: group,
    topics: [
      { topicName: topic, partitions: many(count, () => ({ partitionIndex: 0, startOffset: 0 })) },
    ],
  })),
  hostile("topics", [apis.deleteShareGroupOffsetsApi, 0], (count) => ({
    groupId: group,
    topics: many(count, (i) => ({ topicName: `t${i}` })),
  })),
  hostile("topics that are not there", [apis.shareFetchApi, 2], (count) => ({
    groupId: group,
    memberId,
    shareSessionEpoch: 0,
    maxWaitMs: 0,
    minBytes: 1,
    maxRecords: 1,
    batchSize: 1,
    topics: many(count, (i) => ({
      topicId: topicIdOf(i),
      partitions: [{ partitionIndex: 0, acknowledgementBatches: [] }],
    })),
    forgottenTopicsData: [],
  })),
  hostile("partitions", [apis.initializeShareGroupStateApi, 0], (count) => ({
    groupId: group,
    topics: many(count, (i) => ({
      topicId: topicIdOf(i),
      partitions: [{ partition: 0, stateEpoch: 0, startOffset: 0 }],
    })),
  })),
  hostile("partitions", [apis.readShareGroupStateApi, 0], (count) => ({
    groupId: group,
    topics: many(count, (i) => ({
      topicId: topicIdOf(i),
      partitions: [{ partition: 0, leaderEpoch: 0 }],
    })),
  })),
  hostile("batches", [apis.writeShareGroupStateApi, 1], (count) => ({
    groupId: group,
    topics: [
      {
        topicId: noTopic,
        partitions: [
          {
            partition: 0,
            stateEpoch: 0,
            leaderEpoch: 0,
            startOffset: 0,
            stateBatches: many(count, (i) => ({
              firstOffset: i,
              lastOffset: 2 ** 40,
              deliveryState: 2,
              deliveryCount: i % 1000,
            })),
          },
        ],
      },
    ],
  })),
  hostile("partitions", [apis.deleteShareGroupStateApi, 0], (count) => ({
    groupId: group,
    topics: many(count, (i) => ({ topicId: topicIdOf(i), partitions: [{ partition: 0 }] })),
  })),
  hostile("partitions", [apis.readShareGroupStateSummaryApi, 1], (count) => ({
    groupId: group,
    topics: many(count, (i) => ({
      topicId: topicIdOf(i),
      partitions: [{ partition: 0, leaderEpoch: 0 }],
    })),
  })),
  hostile("a partition", [apis.describeLogDirsApi, 4], (count) => ({
    topics: [{ topic, partitions: many(count, () => 0) }],
  })),
  hostile("topics", [apis.describeLogDirsApi, 4], (count) => ({
    topics: many(count, (i) => ({ topic: `t${i}`, partitions: [0] })),
  })),
  hostile("partitions", [apis.alterPartitionReassignmentsApi, 1], (count) => ({
    topics: [
      { name: topic, partitions: many(count, (i) => ({ partitionIndex: i, replicas: [0] })) },
    ],
  })),
  hostile("topics", [apis.alterPartitionReassignmentsApi, 1], (count) => ({
    topics: many(count, (i) => ({ name: `t${i}`, partitions: [{ partitionIndex: 0 }] })),
  })),
  hostile("topics", [apis.listPartitionReassignmentsApi, 0], (count) => ({
    topics: many(count, (i) => ({ name: `t${i}`, partitionIndexes: [0] })),
  })),
  hostile("partitions", [apis.electLeadersApi, 2], (count) => ({
    electionType: 0,
    topicPartitions: [{ topic, partitions: many(count, (i) => i) }],
  })),
  hostile("topics", [apis.electLeadersApi, 2], (count) => ({
    electionType: 0,
    topicPartitions: many(count, (i) => ({ topic: `t${i}`, partitions: [0] })),
  })),
  hostile("markers", [apis.writeTxnMarkersApi, 1], (count) => ({
    markers: many(count, (i) => ({
      producerId: i,
      producerEpoch: 0,
      transactionResult: true,
      coordinatorEpoch: 0,
      topics: [{ name: `t${i}`, partitionIndexes: [0] }],
    })),
  })),
  hostile("partitions", [apis.alterReplicaLogDirsApi, 2], (count) => ({
    dirs: [{ path: "/x", topics: [{ name: topic, partitions: many(count, () => 0) }] }],
  })),
  hostile("topics", [apis.describeQuorumApi, 2], (count) => ({
    topics: many(count, (i) => ({ topicName: `t${i}`, partitions: [{ partitionIndex: 0 }] })),
  })),
  hostile("features", [apis.updateFeaturesApi, 1], (count) => ({
    featureUpdates: many(count, (i) => ({ feature: `f${i}`, maxVersionLevel: 1 })),
    validateOnly: true,
  })),
  hostile("a kind", [apis.listConfigResourcesApi, 1], (count) => ({
    resourceTypes: many(count, () => 2),
  })),
  hostile("configs of a group", [apis.incrementalAlterConfigsApi, 1], (count) => ({
    resources: [
      {
        resourceType: 32,
        resourceName: "g",
        configs: many(count, (i) => ({ name: `c${i}`, configOperation: 0, value: "1" })),
      },
    ],
    validateOnly: true,
  })),
  hostile("configs of the broker", [apis.incrementalAlterConfigsApi, 1], (count) => ({
    resources: [
      {
        resourceType: 4,
        resourceName: "",
        configs: many(count, (i) => ({ name: `c${i}`, configOperation: 0, value: "1" })),
      },
    ],
    validateOnly: true,
  })),
  hostile("parts of a list", [apis.incrementalAlterConfigsApi, 1], (count) => ({
    resources: [
      {
        resourceType: 2,
        resourceName: topic,
        configs: [
          {
            name: "follower.replication.throttled.replicas",
            configOperation: 2,
            value: many(count, (i) => `${i}:0`).join(","),
          },
        ],
      },
    ],
    validateOnly: true,
  })),
];

const repeating = String.raw`\pL{1000}`.repeat(1000);

/** What few bytes could make very much of. */
export const exploding: readonly HostileRequest[] = [
  hostile("a pattern that repeats", [apis.listTransactionsApi, 2], () => ({
    stateFilters: [],
    producerIdFilters: [],
    transactionalIdPattern: repeating,
  })),
  hostile("a pattern that repeats", [apis.consumerGroupHeartbeatApi, 1], () => ({
    groupId: "patterns",
    memberId,
    memberEpoch: 0,
    rebalanceTimeoutMs: 1000,
    subscribedTopicRegex: repeating,
    topicPartitions: [],
  })),
  hostile("a chain of repartition topics", [apis.streamsGroupHeartbeatApi, 0], (count) => ({
    groupId: "streams-chain",
    memberId,
    memberEpoch: 0,
    endpointInformationEpoch: 0,
    rebalanceTimeoutMs: 1000,
    topology: {
      epoch: 0,
      subtopologies: many(count, (index) => ({
        subtopologyId: `${index}`,
        sourceTopics: index === count - 1 ? [topic] : [],
        sourceTopicRegex: [],
        stateChangelogTopics: [],
        repartitionSinkTopics: [`p${index}`],
        repartitionSourceTopics:
          index === count - 1
            ? []
            : [{ name: `p${index + 1}`, partitions: 0, replicationFactor: 1, topicConfigs: [] }],
        copartitionGroups: [],
      })),
    },
    activeTasks: [],
    standbyTasks: [],
    warmupTasks: [],
    processId: "process",
    clientTags: [],
  })),
];
