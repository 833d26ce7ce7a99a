import { compareBytes, type Timestamp } from "@millrace/model";
import { composedOf, type Serde } from "@millrace/serde";

/** Whose a record is that has met nobody yet (Kafka: `TimestampedKeyAndJoinSide`). */
export interface UnmatchedKey {
  readonly timestamp: Timestamp;
  readonly isLeft: boolean;
  readonly key: unknown;
}

/** As it was read. */
export interface StoredUnmatchedKey extends UnmatchedKey {
  readonly keyBytes: Uint8Array;
}

/** Kafka: `LeftOrRightValue`. */
export interface UnmatchedValue {
  readonly isLeft: boolean;
  readonly value: unknown;
}

const timestampBytes = 8;
const headBytes = timestampBytes + 1;

/** Kafka's bytes: timestamp (8), side (1: 1 is left), key; so that the oldest come first. */
export function unmatchedKeySerde(inner: Serde<unknown>): Serde<UnmatchedKey> {
  return {
    name: `unmatched(${inner.name})`,
    isNullable: false,
    ...composedOf(inner),
    serialize({ timestamp, isLeft, key }, topic, place) {
      const written = inner.serialize(key as object, topic, place);
      const bytes = new Uint8Array(headBytes + written.length);
      new DataView(bytes.buffer).setBigInt64(0, BigInt(timestamp));
      bytes[timestampBytes] = isLeft ? 1 : 0;
      bytes.set(written, headBytes);
      return bytes;
    },
    deserialize(bytes, topic, place): StoredUnmatchedKey {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const keyBytes = bytes.slice(headBytes);
      return {
        timestamp: Number(view.getBigInt64(0)),
        isLeft: bytes[timestampBytes] === 1,
        key: inner.deserialize(keyBytes, topic, place),
        keyBytes,
      };
    },
  };
}

export function isSameKey(one: StoredUnmatchedKey, other: StoredUnmatchedKey): boolean {
  return (
    one.timestamp === other.timestamp &&
    one.isLeft === other.isLeft &&
    compareBytes(one.keyBytes, other.keyBytes) === 0
  );
}

/** Kafka's bytes: side (1: 1 is left), value. */
export function unmatchedValueSerde(
  left: Serde<unknown>,
  right: Serde<unknown>,
): Serde<UnmatchedValue> {
  return {
    name: `either(${left.name}, ${right.name})`,
    isNullable: false,
    ...composedOf(left, right),
    serialize({ isLeft, value }, topic, place) {
      const written = (isLeft ? left : right).serialize(value as object, topic, place);
      const bytes = new Uint8Array(1 + written.length);
      bytes[0] = isLeft ? 1 : 0;
      bytes.set(written, 1);
      return bytes;
    },
    deserialize(bytes, topic, place) {
      const isLeft = bytes[0] === 1;
      const side = isLeft ? left : right;
      return { isLeft, value: side.deserialize(bytes.subarray(1), topic, place) };
    },
  };
}
