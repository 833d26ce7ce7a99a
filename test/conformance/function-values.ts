import { asText, type Json } from "./program.ts";
import { ArgumentError, Real, show } from "./values.ts";

type Value = unknown;

/** Thrown by functions that a program asks to fail. */
export class AskedToFail extends Error {}

/** A function's name and arguments: `"name"` or `["name", argument, …]`. */
export class Spec {
  readonly name: string;
  readonly #parts: readonly Json[];

  constructor(json: Json | undefined) {
    this.#parts = Array.isArray(json) ? (json as readonly Json[]) : [json ?? ""];
    this.name = asText(this.#parts[0]);
  }

  has(index: number): boolean {
    return index + 1 < this.#parts.length;
  }

  json(index: number): Json | undefined {
    return this.#parts[index + 1];
  }

  text(index: number): string {
    return asText(this.#parts[index + 1]);
  }

  number(index: number): number {
    return Number(this.#parts[index + 1]);
  }
}

export function failOn<T>(text: string, value: Value, otherwise: T): T {
  if (show(value) === text) throw new AskedToFail(text);
  return otherwise;
}

export function asString(value: Value): string {
  if (typeof value !== "string") throw new ArgumentError(`${show(value)} is no text`);
  return value;
}

export function asLong(value: Value): bigint {
  if (typeof value === "number") return BigInt(value);
  if (typeof value !== "bigint") throw new ArgumentError(`${show(value)} is no int64`);
  return BigInt.asIntN(64, value);
}

export function asItems(value: Value): readonly (string | null)[] {
  if (value === null) return [];
  if (!Array.isArray(value)) throw new ArgumentError(`${show(value)} is no list`);
  return value as (string | null)[];
}

export function without(
  items: readonly (string | null)[],
  item: string | null,
): readonly (string | null)[] {
  const index = items.indexOf(item);
  return index < 0 ? items : items.toSpliced(index, 1);
}

/** Java's `longValue`. */
export function whole(value: Value): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return BigInt(value);
  if (value instanceof Real) return saturatedLong(value.value);
  throw new ArgumentError(`${show(value)} is no number`);
}

/** Java's `doubleValue`. */
export function real(value: Value): number {
  if (value instanceof Real) return value.value;
  if (typeof value === "bigint" || typeof value === "number") return Number(value);
  throw new ArgumentError(`${show(value)} is no number`);
}

export function saturated(value: number, bits: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.max(-(2 ** bits), Math.min(2 ** bits - 1, Math.trunc(value)));
}

export function saturatedLong(value: number): bigint {
  if (Number.isNaN(value)) return 0n;
  const limit = 2n ** 63n;
  if (value >= 2 ** 63) return limit - 1n;
  return value <= -(2 ** 63) ? -limit : BigInt(Math.trunc(value));
}

/** The result in the type of the sample: integers wrap around. */
export function convert(sample: Value, whole: bigint, real: number): Value {
  if (typeof sample === "number") return Number(BigInt.asIntN(32, whole));
  return typeof sample === "bigint" ? BigInt.asIntN(64, whole) : new Real(real);
}

export function sum(aggregate: Value, value: Value, sign: bigint): Value {
  if (value === null) return aggregate;
  const start = aggregate ?? 0n;
  return convert(
    aggregate ?? value,
    whole(start) + sign * whole(value),
    real(start) + Number(sign) * real(value),
  );
}

export function extreme(a: Value, b: Value, sign: number): Value {
  if (a === null || b === null) return a ?? b;
  const order =
    a instanceof Real
      ? compareReals(a.value, real(b))
      : Number(whole(a) > whole(b)) - Number(whole(a) < whole(b));
  return order * sign >= 0 ? a : b;
}

/** Java's `Double.compare`: −0 below 0, NaN above all. */
export function compareReals(left: number, right: number): number {
  if (left < right) return -1;
  if (left > right) return 1;
  const rank = (value: number): number => (Number.isNaN(value) ? 2 : Object.is(value, -0) ? 0 : 1);
  return Math.sign(rank(left) - rank(right));
}

export function part(value: Value, index: number): string | null {
  if (value === null) return null;
  const found = show(value).split(":")[index];
  return found === undefined || found === "" ? null : found;
}

export function integer(text: string | null): bigint | null {
  return text !== null && /^-?[0-9]{1,18}$/.test(text) ? BigInt(text) : null;
}

export function words(value: Value): readonly string[] {
  return value === null
    ? []
    : show(value)
        .split(" ")
        .filter((word) => word !== "");
}
