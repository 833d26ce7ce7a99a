import { noHeaders, type Headers, type Timestamp } from "@millrace/model";
import {
  deserializeWith,
  placeOf,
  serializeWith,
  type Serde,
  type SerdePlace,
  type SerdeScratch,
} from "@millrace/serde";
import type { FlushedValue } from "@millrace/state";

type AnySerde = Serde<unknown>;

/** Stands where a key or value has not been decoded yet. */
const undecoded: unique symbol = Symbol("undecoded");

/**
 * One record on its way through a task (Kafka: `Record`, and `Change` on the edges of tables). Immutable for
 * whoever receives it: `with…` gives a new one.
 *
 * A record that came as bytes keeps them beside the serde that reads them. Where that serde is total, it is read
 * only when somebody looks; a sink with the same serde writes the bytes as they came, unless they depend on the place.
 */
export class StreamRecord<K = unknown, V = unknown> {
  readonly timestamp: Timestamp;
  readonly headers: Headers;
  #key: unknown;
  #value: unknown;
  #keyBytes: Uint8Array | null | undefined;
  #valueBytes: Uint8Array | null | undefined;
  #keySerde: AnySerde | undefined;
  #valueSerde: AnySerde | undefined;
  #oldValue: V | null | undefined;
  #isLatest: boolean;
  #topic: string;

  constructor(key: K, value: V, timestamp: Timestamp, headers: Headers = noHeaders) {
    this.timestamp = timestamp;
    this.headers = headers;
    this.#key = key;
    this.#value = value;
    this.#keyBytes = undefined;
    this.#valueBytes = undefined;
    this.#keySerde = undefined;
    this.#valueSerde = undefined;
    this.#oldValue = undefined;
    this.#isLatest = true;
    this.#topic = "";
  }

  /** A record as it was read: nothing is decoded yet. The views must hold as long as the record is in use. */
  static ofBytes(source: RecordBytes): StreamRecord {
    const record = new StreamRecord<unknown, unknown>(
      source.key === null ? null : undecoded,
      source.value === null ? null : undecoded,
      source.timestamp,
      source.headers,
    );
    record.#keyBytes = source.key;
    record.#valueBytes = source.value;
    record.#keySerde = source.keySerde;
    record.#valueSerde = source.valueSerde;
    record.#topic = source.topic;
    return record;
  }

  /** What a table forwards where no record of its own is under way. */
  static ofChange<K, V>(key: K, change: Change<V>, headers: Headers): StreamRecord<K, V> {
    const record = new StreamRecord(key, change.newValue, change.timestamp, headers);
    record.#oldValue = change.oldValue;
    record.#isLatest = change.isLatest ?? true;
    return record;
  }

  /** What a cache forwards when it is flushed: decoded once somebody looks, and written by a sink as it is. */
  static ofFlushed<K, V>(
    key: K,
    flushed: FlushedValue<V>,
    { oldValue, timestamp, headers }: FlushedRecord<V>,
  ): StreamRecord<K, V> {
    const { serde, topic } = flushed;
    // Bytes of such a serde are those of the changelog alone.
    const bytes = serde.usesPlace === true ? null : flushed.bytes;
    const value = bytes === null ? flushed.value : undecoded;
    const record = new StreamRecord<unknown, unknown>(key, value, timestamp, headers);
    record.#oldValue = oldValue;
    if (bytes !== null) {
      record.#valueBytes = bytes;
      record.#valueSerde = serde as AnySerde;
      record.#topic = topic;
    }
    return record as StreamRecord<K, V>;
  }

  /** On the edges of tables: the value before, where the node was asked for it; else undefined. */
  get oldValue(): V | null | undefined {
    return this.#oldValue;
  }

  /** On the edges of tables: false where a versioned table has a later version of the key already. */
  get isLatest(): boolean {
    return this.#isLatest;
  }

  get key(): K {
    const key = this.#key;
    return (key === undecoded ? this.#decodeKey() : key) as K;
  }

  get value(): V {
    const value = this.#value;
    return (value === undecoded ? this.#decodeValue() : value) as V;
  }

  /** The last header of a name; null if there is none, or it is null (Kafka: `Headers.lastHeader`). */
  header(name: string): Uint8Array | null {
    return this.headers.findLast(([other]) => other === name)?.[1] ?? null;
  }

  /** True without decoding anything. */
  get hasNullKey(): boolean {
    return this.#key === null || this.#key === undefined;
  }

  /** True without decoding anything. */
  get hasNullValue(): boolean {
    return this.#value === null || this.#value === undefined;
  }

  /** Reads the key now, so that one that cannot be read is known. */
  decodeKey(): void {
    if (this.#key === undecoded) this.#decodeKey();
  }

  /** Reads the value now, so that one that cannot be read is known. */
  decodeValue(): void {
    if (this.#value === undecoded) this.#decodeValue();
  }

  /** The same value (and its bytes) under another key. */
  withKey<K2>(key: K2): StreamRecord<K2, V> {
    const record = this.#copy() as unknown as StreamRecord<K2, V>;
    record.#key = key;
    record.#keyBytes = undefined;
    record.#keySerde = undefined;
    return record;
  }

  /** The same key (and its bytes) with another value. */
  withValue<V2>(value: V2): StreamRecord<K, V2> {
    const record = this.#copy() as unknown as StreamRecord<K, V2>;
    record.#value = value;
    record.#valueBytes = undefined;
    record.#valueSerde = undefined;
    return record;
  }

  /** What a table forwards: the same key with a new value, perhaps its bytes, an old value, and a time. */
  withChange<V2>(change: Change<V2>): StreamRecord<K, V2> {
    const record = new StreamRecord<unknown, unknown>(
      this.#key,
      change.newValue,
      change.timestamp,
      this.headers,
    );
    record.#oldValue = change.oldValue;
    record.#isLatest = change.isLatest ?? true;
    record.#keyBytes = this.#keyBytes;
    record.#keySerde = this.#keySerde;
    record.#topic = this.#topic;
    return record as StreamRecord<K, V2>;
  }

  /** What a table forwards where the record's own value, which keeps its bytes, is the new one. */
  withOldValue(oldValue: V | null): StreamRecord<K, V> {
    const record = this.#copy();
    record.#oldValue = oldValue;
    record.#isLatest = true;
    return record;
  }

  withKeyAndValue<K2, V2>(key: K2, value: V2): StreamRecord<K2, V2> {
    return new StreamRecord(key, value, this.timestamp, this.headers);
  }

  withTimestamp(timestamp: Timestamp): StreamRecord<K, V> {
    return this.#copy(timestamp);
  }

  withHeaders(headers: Headers): StreamRecord<K, V> {
    // The headers that it came with say how it is read.
    if (this.#keySerde?.usesPlace === true) this.decodeKey();
    if (this.#valueSerde?.usesPlace === true) this.decodeValue();
    return this.#copy(this.timestamp, headers);
  }

  /**
   * The key in bytes; those that it came with, where the serde is the one that read them, wherever they stood.
   *
   * @param scratch for what is copied at once
   */
  keyBytes(
    serde: AnySerde,
    topic: string,
    place: SerdePlace,
    scratch?: SerdeScratch,
  ): Uint8Array | null {
    if (this.#keyBytes !== undefined && isReader(serde, this.#keySerde)) return this.#keyBytes;
    const key = this.key as unknown;
    if (key === null || key === undefined) return null;
    if (scratch !== undefined) return scratch.serialize(serde, key, topic, place);
    return serializeWith(serde, key, topic, place);
  }

  /**
   * The value in bytes; those that it came with, where the serde is the one that read them, wherever they stood.
   *
   * @param scratch for what is copied at once
   */
  valueBytes(
    serde: AnySerde,
    topic: string,
    place: SerdePlace,
    scratch?: SerdeScratch,
  ): Uint8Array | null {
    if (this.#valueBytes !== undefined && isReader(serde, this.#valueSerde))
      return this.#valueBytes;
    const value = this.value as unknown;
    if (value === null || value === undefined) return null;
    if (scratch !== undefined) return scratch.serialize(serde, value, topic, place);
    return serializeWith(serde, value, topic, place);
  }

  /** The bytes that the key came with, if this serde read them; else null, without serialising. */
  keyBytesAsRead(serde: AnySerde): Uint8Array | null {
    return isReader(serde, this.#keySerde) ? (this.#keyBytes ?? null) : null;
  }

  /** The bytes that the value came with, if this serde read them; else null, without serialising. */
  valueBytesAsRead(serde: AnySerde): Uint8Array | null {
    return isReader(serde, this.#valueSerde) ? (this.#valueBytes ?? null) : null;
  }

  /** The bytes that the key came with, whatever reads them; null: it came with none. */
  get keyBytesOfInput(): Uint8Array | null {
    return this.#keyBytes ?? null;
  }

  /** The bytes that the value came with, whatever reads them; null: it came with none. */
  get valueBytesOfInput(): Uint8Array | null {
    return this.#valueBytes ?? null;
  }

  #copy(timestamp = this.timestamp, headers = this.headers): StreamRecord<K, V> {
    const record = new StreamRecord<unknown, unknown>(this.#key, this.#value, timestamp, headers);
    record.#oldValue = this.#oldValue;
    record.#isLatest = this.#isLatest;
    record.#keyBytes = this.#keyBytes;
    record.#valueBytes = this.#valueBytes;
    record.#keySerde = this.#keySerde;
    record.#valueSerde = this.#valueSerde;
    record.#topic = this.#topic;
    return record as StreamRecord<K, V>;
  }

  #decodeKey(): unknown {
    const place = placeOf("key", this.headers);
    this.#key = this.#decoded(this.#keySerde, this.#keyBytes, place);
    return this.#key;
  }

  #decodeValue(): unknown {
    const place = placeOf("value", this.headers);
    this.#value = this.#decoded(this.#valueSerde, this.#valueBytes, place);
    return this.#value;
  }

  #decoded(
    serde: AnySerde | undefined,
    bytes: Uint8Array | null | undefined,
    place: SerdePlace,
  ): unknown {
    if (serde === undefined || bytes === undefined || bytes === null) return null;
    return deserializeWith(serde, bytes, this.#topic, place);
  }
}

/** What `StreamRecord.ofBytes` is made of. */
export interface RecordBytes {
  readonly topic: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly timestamp: Timestamp;
  readonly headers: Headers;
  readonly keySerde: AnySerde;
  readonly valueSerde: AnySerde;
}

/** What happened to a key of a table. */
export interface Change<V> {
  readonly newValue: V;
  readonly oldValue: V | null | undefined;
  readonly timestamp: Timestamp;
  /** See `StreamRecord.isLatest`. Default true. */
  readonly isLatest?: boolean;
}

/** Of what a cache has flushed, besides the value. */
export interface FlushedRecord<V> {
  readonly oldValue: V | null | undefined;
  readonly timestamp: Timestamp;
  readonly headers: Headers;
}

/** A record without headers. */
export function recordOf<K, V>(key: K, value: V, timestamp: Timestamp): StreamRecord<K, V> {
  return new StreamRecord(key, value, timestamp, noHeaders);
}

/** True: what `reader` read are the bytes that the serde would write anywhere. */
function isReader(serde: AnySerde, reader: AnySerde | undefined): boolean {
  return reader === serde && serde.usesPlace !== true;
}
