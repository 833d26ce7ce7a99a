import { ProtocolError } from "../protocol-error.ts";
import { codecOf } from "../schema/codec.ts";
import type { Decoded, Given, Message } from "../schema/message.ts";
import { Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";
import {
  groupMetadataKey,
  groupMetadataValue,
  offsetCommitKey,
  offsetCommitValue,
} from "./group-records.ts";
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
