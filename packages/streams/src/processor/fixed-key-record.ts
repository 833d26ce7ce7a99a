import type { Headers, Timestamp } from "@millrace/model";

import type { StreamRecord } from "./stream-record.ts";

/**
 * A record whose key cannot be changed (Kafka: `FixedKeyRecord`): what `processValues` is given, and may forward. Only
 * the runtime makes one, so that equal keys stay in their partition.
 */
export class FixedKeyRecord<K = unknown, V = unknown> {
  readonly #record: StreamRecord<K, V>;

  constructor(record: StreamRecord<K, V>) {
    this.#record = record;
  }

  /** The record behind it; undefined for what is none. */
  static unwrap(given: unknown): StreamRecord | undefined {
    return typeof given === "object" && given !== null && #record in given
      ? given.#record
      : undefined;
  }

  get key(): K {
    return this.#record.key;
  }

  get value(): V {
    return this.#record.value;
  }

  get timestamp(): Timestamp {
    return this.#record.timestamp;
  }

  get headers(): Headers {
    return this.#record.headers;
  }

  /** The last header of a name; null if there is none, or it is null. */
  header(name: string): Uint8Array | null {
    return this.#record.header(name);
  }

  withValue<V2>(value: V2): FixedKeyRecord<K, V2> {
    return new FixedKeyRecord(this.#record.withValue(value));
  }

  withTimestamp(timestamp: Timestamp): FixedKeyRecord<K, V> {
    return new FixedKeyRecord(this.#record.withTimestamp(timestamp));
  }

  withHeaders(headers: Headers): FixedKeyRecord<K, V> {
    return new FixedKeyRecord(this.#record.withHeaders(headers));
  }
}
