import type { Attributes, AvroSchema, LogicalType, TimeKind } from "./avro-schema.ts";
import { jsonInteger } from "./json.ts";

const underlying: Readonly<Record<TimeKind, AvroSchema["kind"]>> = {
  date: "int",
  "time-millis": "int",
  "time-micros": "long",
  "timestamp-millis": "long",
  "timestamp-micros": "long",
  "timestamp-nanos": "long",
  "local-timestamp-millis": "long",
  "local-timestamp-micros": "long",
  "local-timestamp-nanos": "long",
};

/** What a logical type stands on: the kind, and of a fixed its size. */
export interface Underlying {
  readonly kind: AvroSchema["kind"];
  readonly size?: number;
}

/** The logical type that the attributes give; undefined: none, an unknown one, or one that does not fit. */
export function logicalTypeOf(attributes: Attributes, on: Underlying): LogicalType | undefined {
  const name = attributes.get("logicalType");
  if (typeof name !== "string") return undefined;
  if (name === "decimal") return decimalOf(attributes, on);
  if (name === "uuid") {
    const fits = on.kind === "string" || (on.kind === "fixed" && on.size === 16);
    return fits ? { kind: name } : undefined;
  }
  if (name === "duration")
    return on.kind === "fixed" && on.size === 12 ? { kind: name } : undefined;
  return isTimeKind(name) && underlying[name] === on.kind ? { kind: name } : undefined;
}

function isTimeKind(name: string): name is TimeKind {
  return Object.hasOwn(underlying, name);
}

function decimalOf(attributes: Attributes, on: Underlying): LogicalType | undefined {
  if (on.kind !== "bytes" && on.kind !== "fixed") return undefined;
  const precision = Number(jsonInteger(attributes.get("precision")) ?? NaN);
  const scale = attributes.has("scale") ? Number(jsonInteger(attributes.get("scale")) ?? NaN) : 0;
  // Digits that surely fit into a fixed of this size.
  const max = on.size === undefined ? 2 ** 31 - 1 : Math.floor(Math.log10(2) * (8 * on.size - 1));
  const fits = precision > 0 && precision <= max && scale >= 0 && scale <= precision;
  return fits ? { kind: "decimal", precision, scale } : undefined;
}
