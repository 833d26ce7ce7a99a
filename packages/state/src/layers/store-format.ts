import type { Timestamp } from "@millrace/model";
import { deserializeWith, serializeWith, sizeWith, type Serde } from "@millrace/serde";
import { timestampBytes, timestampOf, valueOf, withTimestamp } from "../bytes/timestamp-prefix.ts";

/** How a store's keys and values look as bytes. */
export class StoreFormat<K, V> {
  readonly topic: string;
  readonly isTimestamped: boolean;
  /** Bytes of a stored value besides those of its serde. */
  readonly extraBytes: number;
  readonly #key: Serde<K>;
  readonly #value: Serde<V>;

  constructor(key: Serde<K>, value: Serde<V>, topic: string, isTimestamped: boolean) {
    this.#key = key;
    this.#value = value;
    this.topic = topic;
    this.isTimestamped = isTimestamped;
    this.extraBytes = isTimestamped ? timestampBytes : 0;
  }

  /** True: keys can stand for their bytes in a `Map`. */
  get hasInjectiveKeys(): boolean {
    return this.#key.isInjective ?? false;
  }

  encodeKey(key: K): Uint8Array {
    return serializeWith(this.#key, key as K & {}, this.topic);
  }

  decodeKey(bytes: Uint8Array): K {
    return deserializeWith(this.#key, bytes, this.topic);
  }

  /** Undefined: only serialising tells. */
  keySize(key: K): number | undefined {
    return sizeWith(this.#key, key as K & {}, this.topic);
  }

  encode(value: V, timestamp: Timestamp): Uint8Array {
    const bytes = serializeWith(this.#value, value as V & {}, this.topic);
    return this.isTimestamped ? withTimestamp(bytes, timestamp) : bytes;
  }

  decode(bytes: Uint8Array): V {
    return deserializeWith(this.#value, this.isTimestamped ? valueOf(bytes) : bytes, this.topic);
  }

  /** -1 where the store keeps none. */
  timestampOf(bytes: Uint8Array): Timestamp {
    return this.isTimestamped ? timestampOf(bytes) : -1;
  }

  /** Bytes that `encode` would give; undefined: only serialising tells. */
  encodedSize(value: V): number | undefined {
    const size = sizeWith(this.#value, value as V & {}, this.topic);
    return size === undefined ? undefined : size + this.extraBytes;
  }
}

/** True: nobody can change the value, so that it may be shared. */
export function isPrimitive(value: unknown): boolean {
  return typeof value !== "object" && typeof value !== "function";
}
