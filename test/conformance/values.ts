import { decodeUtf8, encodeUtf8, fromHex, toHex, type Windowed } from "@millrace/model";
import {
  bytes,
  double,
  int32,
  int64,
  optional,
  string,
  type Serde,
  windowed,
} from "@millrace/serde";

import { asObject, asText, type Json } from "./program.ts";

/**
 * Values of programs: string, int32 as `number`, int64 as `bigint`, double as `Real`, bytes as `Uint8Array`, list
 * as an array: what they are can be told from the value, as in Java.
 */
export class Real {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  get bits(): string {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, this.value);
    return view.getBigUint64(0).toString(16).padStart(16, "0");
  }
}

type PlainType = "string" | "strict" | "int32" | "int64" | "double" | "bytes" | "list";

/** Keys in windows of a size, or in sessions. */
export type WindowedType =
  | { readonly windowed: TypeName; readonly size: number }
  | { readonly session: TypeName };

export type TypeName = PlainType | WindowedType;

/** Thrown where Java would have thrown a ClassCastException or refused an argument. */
export class ArgumentError extends Error {}

export function typeOf(json: Json | undefined): TypeName {
  if (json === undefined || json === null) return "string";
  if (typeof json !== "object") return asText(json) as TypeName;
  const { windowed: inWindow, session, size } = asObject(json);
  return session === undefined
    ? { windowed: typeOf(inWindow), size: Number(size) }
    : { session: typeOf(session) };
}

function adapted<Inner, T>(
  inner: Serde<Inner>,
  name: string,
  convert: { readonly to: (value: T) => Inner & {}; readonly from: (value: Inner) => T & {} },
): Serde<T> {
  return {
    name,
    isNullable: false,
    isTotal: inner.isTotal ?? false,
    serialize: (value, topic) => inner.serialize(convert.to(value), topic),
    deserialize: (data, topic) => convert.from(inner.deserialize(data, topic)),
  };
}

const text = string();

function strict(): Serde<string> {
  return {
    ...text,
    serialize: (value, topic) => {
      if (value === "unserializable") throw new RangeError("asked to refuse this text");
      return text.serialize(value, topic);
    },
    deserialize: (data, topic) => text.deserialize(data, topic),
  };
}

const list: Serde<readonly (string | null)[]> = {
  name: "list",
  isNullable: false,
  serialize: (value) => encodeUtf8(JSON.stringify(value)),
  deserialize: (data) => {
    const parsed: unknown = JSON.parse(decodeUtf8(data));
    const isList =
      Array.isArray(parsed) && parsed.every((item) => item === null || typeof item === "string");
    if (!isList) throw new SyntaxError("not a list of texts and nulls");
    return parsed as (string | null)[];
  },
};

const shared: Readonly<Record<PlainType, Serde<unknown>>> = {
  string: optional(text),
  strict: optional(strict()),
  int32: optional(int32()),
  // What `count()` keeps is a number here.
  int64: optional(
    adapted<bigint, bigint | number>(int64(), "int64", {
      to: (value) => {
        // Java would have found out by a cast.
        if (typeof value === "string") throw new ArgumentError(`"${value}" is no int64`);
        return BigInt(value);
      },
      from: (value) => value,
    }),
  ),
  double: optional(
    adapted<number, Real>(double(), "double", {
      to: (real) => real.value,
      from: (value) => new Real(value),
    }),
  ),
  bytes: optional(bytes()),
  list: optional(list),
};

/** One serde per type, so that bytes are reused; `strict` must be asked each time whether it can write. */
export function serdeOf(type: TypeName): Serde<unknown> {
  if (typeof type === "object") return windowedSerdeOf(type);
  return type === "strict" ? optional(strict()) : shared[type];
}

const windowedSerdes = new Map<string, Serde<unknown>>();

function windowedSerdeOf(type: WindowedType): Serde<unknown> {
  const name = JSON.stringify(type);
  const made =
    windowedSerdes.get(name) ??
    ("session" in type
      ? optional(windowed(serdeOf(type.session), "session"))
      : optional(windowed(serdeOf(type.windowed), { size: type.size })));
  windowedSerdes.set(name, made as Serde<unknown>);
  return made as Serde<unknown>;
}

function isWindowed(value: unknown): value is Windowed<unknown> {
  return typeof value === "object" && value !== null && "window" in value;
}

/** Java's last time, for ours. */
export function longText(time: number): string {
  return time >= 2 ** 63 ? "9223372036854775807" : String(time);
}

/** A key or value of a step, in bytes. */
export function bytesOf(json: Json | undefined, type: TypeName): Uint8Array | null {
  if (json === undefined || json === null) return null;
  const { hex } = asObject(json);
  if (hex !== undefined) return fromHex(asText(hex));
  const value = valueOf(json, type);
  if (type === "string" || type === "strict") return encodeUtf8(value as string);
  return serdeOf(type).serialize(value as object, "");
}

export function valueOf(json: Json | undefined, type: TypeName): unknown {
  if (json === undefined || json === null) return null;
  if (typeof type === "object") {
    const { key, start, end } = asObject(json);
    const inner = "session" in type ? type.session : type.windowed;
    return { key: valueOf(key, inner), window: { start: Number(start), end: Number(end) } };
  }
  switch (type) {
    case "string":
    case "strict":
      return asText(json);
    case "int32":
      return Number(json);
    case "int64":
      return BigInt(asText(json));
    case "double":
      return new Real(Number(json));
    case "bytes":
      return fromHex(asText(json));
    case "list":
      return json;
  }
}

/** The text that functions build on. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (value instanceof Real) {
    const number = value.value;
    const isWhole = Number.isInteger(number) && Math.abs(number) < 2 ** 53;
    return isWhole ? BigInt(number).toString() : value.bits;
  }
  if (value instanceof Uint8Array) return toHex(value);
  if (isWindowed(value))
    return `[${show(value.key)}@${value.window.start}/${longText(value.window.end)}]`;
  if (Array.isArray(value)) return JSON.stringify(value);
  return String(value);
}

/** The readable form in an outcome. */
export function decoded(value: unknown): Json {
  if (value === null || value === undefined) return null;
  if (typeof value === "number") return value;
  if (value instanceof Real && Number.isFinite(value.value)) return value.value;
  if (Array.isArray(value)) return value as readonly Json[];
  if (isWindowed(value))
    return {
      key: decoded(value.key),
      start: value.window.start,
      end: value.window.end,
    };
  return show(value);
}

export function hexOf(data: Uint8Array | null): string | null {
  return data === null ? null : toHex(data);
}

/** `count()` gives numbers: in programs they are int64. */
export function lift(value: unknown, type: TypeName): unknown {
  return type === "int64" && typeof value === "number" ? BigInt(value) : (value ?? null);
}
