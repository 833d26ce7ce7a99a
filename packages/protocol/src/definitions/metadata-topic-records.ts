import { array, int32, int8, string, uuid } from "../schema/field.ts";
import { type Decoded, message } from "../schema/message.ts";

/*
 * Records of `__cluster_metadata` on topics. PartitionRecord: 1 directories; 2 eligible leader
 * replicas.
 * PartitionChangeRecord likewise.
 */

export const topicRecord = message(
  "TopicRecord",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    name: string(),
    topicId: uuid(),
  },
);
export type TopicRecord = Decoded<typeof topicRecord>;

export const partitionRecord = message(
  "PartitionRecord",
  { min: 0, max: 2, flexibleSince: 0 },
  {
    partitionId: int32({ default: -1 }),
    topicId: uuid(),
    replicas: array(int32()),
    isr: array(int32()),
    removingReplicas: array(int32()),
    addingReplicas: array(int32()),
    leader: int32({ default: -1 }),
    leaderRecoveryState: int8({ tag: 0, default: 0 }),
    leaderEpoch: int32({ default: -1 }),
    partitionEpoch: int32({ default: -1 }),
    directories: array(uuid(), { since: 1 }),
    eligibleLeaderReplicas: array(int32(), { since: 2, tag: 1, nullable: true, default: null }),
    lastKnownElr: array(int32(), { since: 2, tag: 2, nullable: true, default: null }),
  },
);
export type PartitionRecord = Decoded<typeof partitionRecord>;

export const partitionChangeRecord = message(
  "PartitionChangeRecord",
  { min: 0, max: 2, flexibleSince: 0 },
  {
    partitionId: int32({ default: -1 }),
    topicId: uuid(),
    isr: array(int32(), { tag: 0, nullable: true, default: null }),
    leader: int32({ tag: 1, default: -2 }),
    replicas: array(int32(), { tag: 2, nullable: true, default: null }),
    removingReplicas: array(int32(), { tag: 3, nullable: true, default: null }),
    addingReplicas: array(int32(), { tag: 4, nullable: true, default: null }),
    leaderRecoveryState: int8({ tag: 5, default: -1 }),
    directories: array(uuid(), { since: 1, tag: 8, nullable: true, default: null }),
    eligibleLeaderReplicas: array(int32(), { since: 2, tag: 6, nullable: true, default: null }),
    lastKnownElr: array(int32(), { since: 2, tag: 7, nullable: true, default: null }),
  },
);
export type PartitionChangeRecord = Decoded<typeof partitionChangeRecord>;

export const removeTopicRecord = message(
  "RemoveTopicRecord",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    topicId: uuid(),
  },
);
export type RemoveTopicRecord = Decoded<typeof removeTopicRecord>;

export const configRecord = message(
  "ConfigRecord",
  { min: 0, max: 0, flexibleSince: 0 },
  {
    resourceType: int8(),
    resourceName: string(),
    name: string(),
    value: string({ nullable: true }),
  },
);
export type ConfigRecord = Decoded<typeof configRecord>;
