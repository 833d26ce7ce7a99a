import { ProtocolError } from "../protocol-error.ts";
import { codecOf } from "../schema/codec.ts";
import type { Decoded, Given, Message } from "../schema/message.ts";
import { Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";
import {
  consumerGroupCurrentMemberAssignmentKey,
  consumerGroupCurrentMemberAssignmentValue,
  consumerGroupMemberMetadataKey,
  consumerGroupMemberMetadataValue,
  consumerGroupMetadataKey,
  consumerGroupMetadataValue,
  consumerGroupRegularExpressionKey,
  consumerGroupRegularExpressionValue,
  consumerGroupTargetAssignmentMemberKey,
  consumerGroupTargetAssignmentMemberValue,
  consumerGroupTargetAssignmentMetadataKey,
  consumerGroupTargetAssignmentMetadataValue,
} from "./consumer-group-records.ts";
import {
  groupMetadataKey,
  groupMetadataValue,
  offsetCommitKey,
  offsetCommitValue,
} from "./group-records.ts";
import {
  shareGroupCurrentMemberAssignmentKey,
  shareGroupCurrentMemberAssignmentValue,
  shareGroupMemberMetadataKey,
  shareGroupMemberMetadataValue,
  shareGroupMetadataKey,
  shareGroupMetadataValue,
  shareGroupStatePartitionMetadataKey,
  shareGroupStatePartitionMetadataValue,
  shareGroupTargetAssignmentMemberKey,
  shareGroupTargetAssignmentMemberValue,
  shareGroupTargetAssignmentMetadataKey,
  shareGroupTargetAssignmentMetadataValue,
} from "./share-group-records.ts";
import {
  shareSnapshotKey,
  shareSnapshotValue,
  shareUpdateKey,
  shareUpdateValue,
} from "./share-state-records.ts";
import {
  streamsGroupCurrentMemberAssignmentKey,
  streamsGroupCurrentMemberAssignmentValue,
  streamsGroupMemberMetadataKey,
  streamsGroupMemberMetadataValue,
  streamsGroupMetadataKey,
  streamsGroupMetadataValue,
  streamsGroupTargetAssignmentMemberKey,
  streamsGroupTargetAssignmentMemberValue,
  streamsGroupTargetAssignmentMetadataKey,
  streamsGroupTargetAssignmentMetadataValue,
  streamsGroupTopologyKey,
  streamsGroupTopologyValue,
} from "./streams-group-records.ts";
import { transactionLogKey, transactionLogValue } from "./transaction-records.ts";

/**
 * A kind of record in a coordinator's topic. Its key is the type in two bytes and version 0 of
 * `key`;
 * its value is read and written by `decodeVersioned` and `encodeVersioned`, and null deletes.
 */
export interface CoordinatorRecordKind<
  Key extends Message = Message,
  Value extends Message = Message,
> {
  readonly type: number;
  readonly key: Key;
  readonly value: Value;
}

/** In `__consumer_offsets`: the offset that a group has committed for a partition. */
export const offsetCommitRecord = {
  type: 1,
  key: offsetCommitKey,
  value: offsetCommitValue,
} as const;

/** In `__consumer_offsets`: a classic group and its members. */
export const groupMetadataRecord = {
  type: 2,
  key: groupMetadataKey,
  value: groupMetadataValue,
} as const;

/** In `__consumer_offsets`: who a member of a share group is. */
export const shareGroupMemberMetadataRecord = {
  type: 10,
  key: shareGroupMemberMetadataKey,
  value: shareGroupMemberMetadataValue,
} as const;

/** In `__consumer_offsets`: a share group's epoch, and what its topics were like then. */
export const shareGroupMetadataRecord = {
  type: 11,
  key: shareGroupMetadataKey,
  value: shareGroupMetadataValue,
} as const;

/** In `__consumer_offsets`: the epoch and the time of a share group's target assignment. */
export const shareGroupTargetAssignmentMetadataRecord = {
  type: 12,
  key: shareGroupTargetAssignmentMetadataKey,
  value: shareGroupTargetAssignmentMetadataValue,
} as const;

/** In `__consumer_offsets`: the partitions that a member of a share group is to have. */
export const shareGroupTargetAssignmentMemberRecord = {
  type: 13,
  key: shareGroupTargetAssignmentMemberKey,
  value: shareGroupTargetAssignmentMemberValue,
} as const;

/** In `__consumer_offsets`: the partitions that a member of a share group has. */
export const shareGroupCurrentMemberAssignmentRecord = {
  type: 14,
  key: shareGroupCurrentMemberAssignmentKey,
  value: shareGroupCurrentMemberAssignmentValue,
} as const;

/** In `__consumer_offsets`: the partitions of a share group whose state the share coordinator keeps. */
export const shareGroupStatePartitionMetadataRecord = {
  type: 15,
  key: shareGroupStatePartitionMetadataKey,
  value: shareGroupStatePartitionMetadataValue,
} as const;

/** In `__share_group_state`: all that is known of a partition's delivery to a share group. */
export const shareSnapshotRecord = {
  type: 0,
  key: shareSnapshotKey,
  value: shareSnapshotValue,
} as const;

/** In `__share_group_state`: what has changed of it since the last snapshot. */
export const shareUpdateRecord = {
  type: 1,
  key: shareUpdateKey,
  value: shareUpdateValue,
} as const;

/** In `__consumer_offsets`: a streams group's epoch, and what its topics were like then. */
export const streamsGroupMetadataRecord = {
  type: 17,
  key: streamsGroupMetadataKey,
  value: streamsGroupMetadataValue,
} as const;

/** In `__consumer_offsets`: who a member of a streams group is. */
export const streamsGroupMemberMetadataRecord = {
  type: 19,
  key: streamsGroupMemberMetadataKey,
  value: streamsGroupMemberMetadataValue,
} as const;

/** In `__consumer_offsets`: the epoch and the time of a streams group's target assignment. */
export const streamsGroupTargetAssignmentMetadataRecord = {
  type: 20,
  key: streamsGroupTargetAssignmentMetadataKey,
  value: streamsGroupTargetAssignmentMetadataValue,
} as const;

/** In `__consumer_offsets`: the tasks that a member of a streams group is to have. */
export const streamsGroupTargetAssignmentMemberRecord = {
  type: 21,
  key: streamsGroupTargetAssignmentMemberKey,
  value: streamsGroupTargetAssignmentMemberValue,
} as const;

/** In `__consumer_offsets`: the tasks that a member of a streams group has. */
export const streamsGroupCurrentMemberAssignmentRecord = {
  type: 22,
  key: streamsGroupCurrentMemberAssignmentKey,
  value: streamsGroupCurrentMemberAssignmentValue,
} as const;

/** In `__consumer_offsets`: the topology of a streams group. */
export const streamsGroupTopologyRecord = {
  type: 23,
  key: streamsGroupTopologyKey,
  value: streamsGroupTopologyValue,
} as const;

/** In `__consumer_offsets`: a consumer group's epoch, and a hash of its topics as they were then. */
export const consumerGroupMetadataRecord = {
  type: 3,
  key: consumerGroupMetadataKey,
  value: consumerGroupMetadataValue,
} as const;

/** In `__consumer_offsets`: who a member of a consumer group is. */
export const consumerGroupMemberMetadataRecord = {
  type: 5,
  key: consumerGroupMemberMetadataKey,
  value: consumerGroupMemberMetadataValue,
} as const;

/** In `__consumer_offsets`: the epoch and the time of a consumer group's target assignment. */
export const consumerGroupTargetAssignmentMetadataRecord = {
  type: 6,
  key: consumerGroupTargetAssignmentMetadataKey,
  value: consumerGroupTargetAssignmentMetadataValue,
} as const;

/** In `__consumer_offsets`: the partitions that a member of a consumer group is to have. */
export const consumerGroupTargetAssignmentMemberRecord = {
  type: 7,
  key: consumerGroupTargetAssignmentMemberKey,
  value: consumerGroupTargetAssignmentMemberValue,
} as const;

/** In `__consumer_offsets`: the partitions that a member of a consumer group has. */
export const consumerGroupCurrentMemberAssignmentRecord = {
  type: 8,
  key: consumerGroupCurrentMemberAssignmentKey,
  value: consumerGroupCurrentMemberAssignmentValue,
} as const;

/** In `__consumer_offsets`: the topics that a pattern of a consumer group has matched. */
export const consumerGroupRegularExpressionRecord = {
  type: 16,
  key: consumerGroupRegularExpressionKey,
  value: consumerGroupRegularExpressionValue,
} as const;

/** In `__transaction_state`: a transactional id and its transaction. */
export const transactionLogRecord = {
  type: 0,
  key: transactionLogKey,
  value: transactionLogValue,
} as const;

/** @example encodeRecordKey(offsetCommitRecord, { group, topic, partition }) */
export function encodeRecordKey<Key extends Message>(
  kind: CoordinatorRecordKind<Key>,
  key: Given<Key>,
): Uint8Array {
  const writer = new Writer(64);
  writer.writeInt16(kind.type);
  codecOf(kind.key, 0).write(writer, key);
  return writer.toBytes();
}

/**
 * The type of a record, by its key: compare with `kind.type`.
 * @throws ProtocolError `MALFORMED_MESSAGE`
 */
export function recordTypeOf(keyBytes: Uint8Array): number {
  return new Reader(keyBytes).readInt16();
}

/** @throws ProtocolError `MALFORMED_MESSAGE`, also for a key of another kind */
export function decodeRecordKey<Key extends Message>(
  kind: CoordinatorRecordKind<Key>,
  keyBytes: Uint8Array,
): Decoded<Key> {
  const reader = new Reader(keyBytes);
  const type = reader.readInt16();
  if (type !== kind.type) {
    throw new ProtocolError("MALFORMED_MESSAGE", `a key of type ${type} is no ${kind.key.name}`);
  }
  return codecOf(kind.key, 0).read(reader) as Decoded<Key>;
}
