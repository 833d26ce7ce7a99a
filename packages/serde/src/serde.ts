import { noHeaders, type Headers } from "@millrace/model";

/**
 * Values to bytes and back (Kafka: `Serde`). `T` says whether null may come and go: where it does not include
 * null, `serialize` is never given null and `deserialize` never a tombstone; `optional(serde)` adds it.
 *
 * A serde throws whatever it likes on what it cannot do; the caller wraps it in a `SerdeError` that says where. It never
 * waits: what must be fetched is fetched in `prepare`, or told by a `SerdePendingError`.
 */
export interface Serde<T> {
  /** For messages, such as `json` or `int64`. */
  readonly name: string;
  /** The result belongs to the caller. */
  serialize(value: T & {}, topic: string, place?: SerdePlace): Uint8Array;
  /** The bytes are a view that may change after the call: copy what is kept. */
  deserialize(bytes: Uint8Array, topic: string, place?: SerdePlace): T & {};
  /** True: null is a value of T. */
  readonly isNullable: boolean;
  /**
   * True: `deserialize` never throws, whatever the bytes, and has no effect that anybody could see: it may be
   * put off, or left out where nobody looks at the value. Absent means false.
   */
  readonly isTotal?: boolean;
  /**
   * How many bytes `serialize` would give for the value, exactly, where that is cheap to say; throws where
   * `serialize` would. It lets a cache hold a decoded value without serialising it.
   */
  sizeOf?(value: T & {}): number;
  /**
   * Room for what `writeTo` will write, not less; throws where `serialize` would. Whoever asks calls `writeTo` at once. Not
   * for a serde that uses its place.
   */
  sizeMax?(value: T & {}): number;
  /**
   * Writes what `serialize` would give from there on, and gives where it ends: for what is copied at once, which then
   * costs no array.
   */
  writeTo?(value: T & {}, target: Uint8Array, at: number): number;
  /** The part of the bytes that a partition is chosen by (Kafka: `WindowedStreamPartitioner`). Default: all. */
  partitionedBy?(bytes: Uint8Array): Uint8Array;
  /**
   * True: T is a string, number or bigint, and values that a `Map` tells apart never give the same bytes. A cache may
   * then be keyed by the values themselves.
   */
  readonly isInjective?: boolean;
  /**
   * True: topic, part or headers change the bytes, or how they are read. Bytes that were read at one place are then
   * not written at another as they came, which is done for other serdes. Absent means false.
   */
  readonly usesPlace?: boolean;
  /**
   * True: a value that was read says all that its bytes say, and is the same each time. A table may then keep the bytes as
   * they came in place of what `serialize` gives. Not so where a schema leaves fields out, or fills them in. Absent means
   * false.
   */
  readonly isLossless?: boolean;
  /**
   * Called once for each topic and part that the serde is used for, as far as they are known, before records flow there:
   * fetches what it needs. Records wait for it. What it rejects with ends the start of whoever called it.
   */
  prepare?(use: SerdeUse, signal: AbortSignal): Promise<void>;
  /** Where it fetches from, for messages. */
  readonly source?: SerdeSource;
}

/** Where a serde fetches what it needs: a schema registry. */
export interface SerdeSource {
  readonly name: string;
  /** Why it gives nothing at the moment; undefined: nothing is known to be wrong. */
  readonly failure?: Error | undefined;
}

export type SerdePart = "key" | "value";

/** Where the bytes of a call stand. Absent: a value without headers. It holds during the call only. */
export interface SerdePlace {
  readonly part: SerdePart;
  /** Of the record; of a store, those that it keeps. */
  readonly headers: Headers;
  /**
   * While a record is written: gives it a header, in place of all of that name, which may have come with what it was
   * made of; null: it has none. Absent where nobody would read it.
   */
  setHeader?(name: string, value: Uint8Array | null): void;
}

/** What a serde is going to be used for. */
export interface SerdeUse {
  /** Of a store: its changelog. */
  readonly topic: string;
  readonly part: SerdePart;
  readonly reads: boolean;
  readonly writes: boolean;
}

/** A key without headers. */
export const keyPlace: SerdePlace = Object.freeze({ part: "key", headers: noHeaders });

/** A value without headers. */
export const valuePlace: SerdePlace = Object.freeze({ part: "value", headers: noHeaders });

/** Of bytes that are read. It costs nothing where there are no headers. */
export function placeOf(part: SerdePart, headers: Headers): SerdePlace {
  if (headers === noHeaders) return part === "key" ? keyPlace : valuePlace;
  return { part, headers };
}
