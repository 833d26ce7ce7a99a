/**
 * Values to bytes and back (Kafka: `Serde`). `T` says whether null may come and go: where it does not include
 * null, `serialize` is never given null and `deserialize` never a tombstone; `optional(serde)` adds it.
 *
 * A serde throws whatever it likes on what it cannot do; the caller wraps it in a `SerdeError` that says where.
 */
export interface Serde<T> {
  /** For messages, such as `json` or `int64`. */
  readonly name: string;
  /** The result belongs to the caller. */
  serialize(value: T & {}, topic: string): Uint8Array;
  /** The bytes are a view that may change after the call: copy what is kept. */
  deserialize(bytes: Uint8Array, topic: string): T & {};
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
  /** The part of the bytes that a partition is chosen by (Kafka: `WindowedStreamPartitioner`). Default: all. */
  partitionedBy?(bytes: Uint8Array): Uint8Array;
  /**
   * True: T is a string, number or bigint, and values that a `Map` tells apart never give the same bytes. A cache may
   * then be keyed by the values themselves.
   */
  readonly isInjective?: boolean;
}
