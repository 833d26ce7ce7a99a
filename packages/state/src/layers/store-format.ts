import { noHeaders, type Headers, type Timestamp } from "@millrace/model";
import {
  deserializeWith,
  keyPlace,
  placeOf,
  serializeWith,
  sizeWith,
  valuePlace,
  WritePlace,
  type Serde,
} from "@millrace/serde";
import { ScratchBytes } from "../bytes/scratch-bytes.ts";
import type { ValueLayout } from "./value-layout.ts";

/** How a store's keys and values look as bytes. */
export class StoreFormat<K, V> {
  readonly topic: string;
  readonly #layout: ValueLayout;
  readonly #key: Serde<K>;
  readonly #value: Serde<V>;
  /** Absent: the store keeps no headers. */
  readonly #writePlace: WritePlace | undefined;
  readonly #scratch = new ScratchBytes();

  constructor(
    { key, value }: { readonly key: Serde<K>; readonly value: Serde<V> },
    layout: ValueLayout,
    topic: string,
  ) {
    this.#key = key;
    this.#value = value;
    this.#layout = layout;
    this.topic = topic;
    this.#writePlace = layout.hasHeaders ? new WritePlace("value") : undefined;
  }

  /** True: keys can stand for their bytes in a `Map`. */
  get hasInjectiveKeys(): boolean {
    return this.#key.isInjective ?? false;
  }

  get valueSerde(): Serde<V> {
    return this.#value;
  }

  /** True: the serde writes a value as it lies here, wherever it writes it. */
  isWrittenBy(serde: Serde<V>): boolean {
    return serde === this.#value && serde.usesPlace !== true;
  }

  get hasHeaders(): boolean {
    return this.#layout.hasHeaders;
  }

  encodeKey(key: K): Uint8Array {
    return serializeWith(this.#key, key as K & {}, this.topic, keyPlace);
  }

  decodeKey(bytes: Uint8Array): K {
    return deserializeWith(this.#key, bytes, this.topic, keyPlace);
  }

  /** Undefined: only serialising tells. */
  keySize(key: K): number | undefined {
    return sizeWith(this.#key, key as K & {}, this.topic);
  }

  encode(value: V, timestamp: Timestamp, headers: Headers): Uint8Array {
    const written =
      headers.length === 0 ? this.#writtenInPlace(value, timestamp, ownRoom) : undefined;
    if (written !== undefined) return written;
    const place = this.#writePlace?.at(headers) ?? valuePlace;
    const bytes = serializeWith(this.#value, value as V & {}, this.topic, place);
    return this.#layout.stored(bytes, timestamp, this.#writePlace?.headers ?? headers);
  }

  /** As `encode` without headers, of what the value's serde wrote. */
  stored(written: Uint8Array, timestamp: Timestamp): Uint8Array {
    return this.#layout.stored(written, timestamp, noHeaders);
  }

  /** As `encode` without headers, for whoever copies it at once: where it is short it holds until the next call. */
  encodeAtOnce(value: V, timestamp: Timestamp): Uint8Array {
    return (
      this.#writtenInPlace(value, timestamp, this.#scratch) ??
      this.encode(value, timestamp, noHeaders)
    );
  }

  /** Undefined where the serde does not tell its size, or write so; what it would throw it throws again. */
  #writtenInPlace(
    value: V,
    timestamp: Timestamp,
    rooms: Pick<ScratchBytes, "ofLength">,
  ): Uint8Array | undefined {
    const { sizeOf, writeTo } = this.#value;
    if (sizeOf === undefined || writeTo === undefined) return undefined;
    try {
      const { extraBytes } = this.#layout;
      const room = rooms.ofLength(extraBytes + sizeOf(value as V & {}));
      this.#layout.begin(room, timestamp);
      return writeTo(value as V & {}, room, extraBytes) === room.length ? room : undefined;
    } catch {
      return undefined;
    }
  }

  decode(bytes: Uint8Array): V {
    const place = this.hasHeaders ? placeOf("value", this.headersOf(bytes)) : valuePlace;
    return deserializeWith(this.#value, this.#layout.valueOf(bytes), this.topic, place);
  }

  /** What the value's serde wrote: a view, or a copy. */
  valueBytes(bytes: Uint8Array): Uint8Array {
    return this.#layout.valueOf(bytes);
  }

  /** -1 where the store keeps none. */
  timestampOf(bytes: Uint8Array): Timestamp {
    return this.#layout.timestampOf(bytes);
  }

  /** None where the store keeps none. */
  headersOf(bytes: Uint8Array): Headers {
    return this.#layout.headersOf(bytes);
  }

  /** Bytes that `encode` would give without headers; undefined: only serialising tells. */
  encodedSize(value: V): number | undefined {
    const size = sizeWith(this.#value, value as V & {}, this.topic);
    return size === undefined ? undefined : size + this.#layout.extraBytes;
  }
}

const ownRoom: Pick<ScratchBytes, "ofLength"> = { ofLength: (length) => new Uint8Array(length) };

/** True: nobody can change the value, so that it may be shared. */
export function isPrimitive(value: unknown): boolean {
  return typeof value !== "object" && typeof value !== "function";
}

/** Bytes as they are, not even copied: of keys and values that are made for the call alone. */
export const rowSerde: Serde<Uint8Array> = Object.freeze({
  name: "row",
  isNullable: false,
  serialize: (row: Uint8Array) => row,
  deserialize: (row: Uint8Array) => row,
  sizeOf: (row: Uint8Array) => row.length,
});
