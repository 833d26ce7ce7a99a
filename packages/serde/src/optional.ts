import { inPlace } from "./in-place.ts";
import { requireSerde } from "./serde-contract.ts";
import type { Serde, SerdePlace, SerdeSource, SerdeUse } from "./serde.ts";

/**
 * Adds null to a serde: a record without a value (a tombstone) is then a value that the program sees. Null itself
 * never reaches the serde within.
 *
 * @example builder.stream("orders", { key: string(), value: optional(json(Order)) })
 */
export function optional<T>(serde: Serde<T>): Serde<T | null> {
  requireSerde(serde, "optional");
  if (serde.isNullable) return serde;
  const sizeMax = serde.sizeMax?.bind(serde);
  const writeTo = serde.writeTo?.bind(serde);
  const { isLossless } = serde;
  return inPlace<T | null>(new OptionalSerde(serde), { sizeMax, writeTo, isLossless });
}

class OptionalSerde<T> implements Serde<T | null> {
  readonly name: string;
  readonly isNullable = true;
  readonly isTotal: boolean;
  readonly isInjective: boolean;
  readonly sizeOf?: (value: T & {}) => number;
  readonly partitionedBy?: (bytes: Uint8Array) => Uint8Array;
  readonly usesPlace: boolean;
  readonly prepare?: (use: SerdeUse, signal: AbortSignal) => Promise<void>;
  readonly source?: SerdeSource;
  readonly #inner: Serde<T>;

  constructor(inner: Serde<T>) {
    this.#inner = inner;
    this.name = `optional ${inner.name}`;
    this.isTotal = inner.isTotal ?? false;
    this.isInjective = inner.isInjective ?? false;
    this.usesPlace = inner.usesPlace ?? false;
    if (inner.sizeOf !== undefined) this.sizeOf = inner.sizeOf.bind(inner);
    if (inner.prepare !== undefined) this.prepare = inner.prepare.bind(inner);
    if (inner.source !== undefined) this.source = inner.source;
    if (inner.partitionedBy !== undefined) this.partitionedBy = inner.partitionedBy.bind(inner);
  }

  serialize(value: T & {}, topic: string, place?: SerdePlace): Uint8Array {
    return this.#inner.serialize(value, topic, place);
  }

  deserialize(bytes: Uint8Array, topic: string, place?: SerdePlace): T & {} {
    return this.#inner.deserialize(bytes, topic, place);
  }
}
