import { array, int16, int32, int64, int8, string, uuid } from "../schema/field.ts";
import { message } from "../schema/message.ts";

/*
 * Records of `__share_group_state` (KIP-932): the state of a partition for a share group, whole or what changed.
 */

const only = { min: 0, max: 0 };
const flexible = { min: 0, max: 0, flexibleSince: 0 };

const partitionKey = { groupId: string(), topicId: uuid(), partition: int32() };
const stateBatch = {
  firstOffset: int64(),
  lastOffset: int64(),
  deliveryState: int8(),
  deliveryCount: int16(),
};

export const shareSnapshotKey = message("ShareSnapshotKey", only, partitionKey);

export const shareSnapshotValue = message("ShareSnapshotValue", flexible, {
  snapshotEpoch: int32(),
  stateEpoch: int32(),
  leaderEpoch: int32(),
  startOffset: int64(),
  deliveryCompleteCount: int32({ tag: 0, default: -1 }),
  createTimestamp: int64(),
  writeTimestamp: int64(),
  stateBatches: array(stateBatch),
});

export const shareUpdateKey = message("ShareUpdateKey", only, partitionKey);

export const shareUpdateValue = message("ShareUpdateValue", flexible, {
  snapshotEpoch: int32(),
  leaderEpoch: int32(),
  startOffset: int64(),
  deliveryCompleteCount: int32({ tag: 0, default: -1 }),
  stateBatches: array(stateBatch),
});
