import { encodeUtf8, type Windowed } from "@millrace/model";
import {
  partitionTimeForInvalidTimestamps,
  skipInvalidTimestamps,
  type TimestampExtractor,
} from "@millrace/streams";

import {
  failOn,
  asString,
  asLong,
  asItems,
  without,
  whole,
  real,
  saturated,
  convert,
  sum,
  extreme,
  part,
  integer,
  words,
  Spec,
} from "./function-values.ts";
import { type Json } from "./program.ts";
import { ArgumentError, longText, Real, show, typeOf, type TypeName } from "./values.ts";

export { AskedToFail } from "./function-values.ts";
type Value = unknown;

export interface Mapper {
  readonly type: TypeName;
  readonly of: (key: Value, value: Value) => Value;
}

/** Null stays null. */
function nullable(body: (value: Value, key: Value) => Value): Mapper["of"] {
  return (key, value) => (value === null ? null : body(value, key));
}

export function mapper(json: Json | undefined, key: TypeName, value: TypeName): Mapper {
  const f = new Spec(json);
  const made = (type: TypeName, of: Mapper["of"]): Mapper => ({ type, of });
  switch (f.name) {
    case "identity":
      return made(value, (_, v) => v);
    case "key":
      return made(key, (k) => k);
    case "windowStart":
      return made("int64", (k) => BigInt((k as Windowed<unknown>).window.start));
    case "windowEnd":
      return made("int64", (k) => BigInt(longText((k as Windowed<unknown>).window.end)));
    case "windowKey":
      return made(innerOf(key), (k) => (k as Windowed<unknown>).key);
    case "const":
      return made("string", () => f.text(0));
    case "null":
      return made(typeOf(f.json(0)), () => null);
    case "show":
      return made("string", (_, v) => show(v));
    case "showKey":
      return made("string", (k) => show(k));
    case "tag":
      return made("string", (_, v) => f.text(0) + show(v));
    case "suffix":
      return made(
        "string",
        nullable((v) => show(v) + f.text(0)),
      );
    case "prefixKey":
      return made("string", (k) => (k === null ? null : f.text(0) + show(k)));
    case "keyAndValue":
      return made("string", (k, v) => `${show(k)}:${show(v)}`);
    case "default":
      return made("string", (_, v) => (v === null ? f.text(0) : show(v)));
    case "upper":
      return made(
        "string",
        nullable((v) => asString(v).toUpperCase()),
      );
    case "firstChar":
      return made(
        "string",
        nullable((v) =>
          String.fromCodePoint(...[...asString(v)].slice(0, 1).map((c) => c.codePointAt(0) ?? 0)),
        ),
      );
    case "part":
      return made("string", (_, v) => part(v, f.number(0)));
    case "keyPart":
      return made("string", (k) => part(k, f.number(0)));
    case "number":
      return made("int64", (_, v) =>
        integer(f.has(0) ? part(v, f.number(0)) : v === null ? null : show(v)),
      );
    case "length":
      return made(
        "int32",
        nullable((v) => asString(v).length),
      );
    case "utf8Length":
      return made(
        "int32",
        nullable((v) => encodeUtf8(asString(v)).length),
      );
    default:
      return numberMapper(f, { key, value });
  }
}

function numberMapper(
  f: Spec,
  { value }: { readonly key: TypeName; readonly value: TypeName },
): Mapper {
  const made = (type: TypeName, of: Mapper["of"]): Mapper => ({ type, of });
  switch (f.name) {
    case "plus":
      return made(
        value,
        nullable((v) => convert(v, whole(v) + BigInt(f.number(0)), real(v) + f.number(0))),
      );
    case "times":
      return made(
        value,
        nullable((v) => convert(v, whole(v) * BigInt(f.number(0)), real(v) * f.number(0))),
      );
    case "mod":
      return made(
        "int64",
        nullable((v) => {
          const by = BigInt(f.number(0));
          return ((whole(v) % by) + by) % by;
        }),
      );
    case "parity":
      return made(
        "string",
        nullable((v) => ((whole(v) & 1n) === 0n ? "even" : "odd")),
      );
    case "toInt32":
      return made(
        "int32",
        nullable((v) =>
          v instanceof Real ? saturated(v.value, 31) : Number(BigInt.asIntN(32, whole(v))),
        ),
      );
    case "toInt64":
      return made(
        "int64",
        nullable((v) => whole(v)),
      );
    case "toDouble":
      return made(
        "double",
        nullable((v) => new Real(real(v))),
      );
    case "toBytes":
      return made(
        "bytes",
        nullable((v) => encodeUtf8(show(v))),
      );
    case "toStrict":
      return made(
        "strict",
        nullable((v) => show(v)),
      );
    case "wrap":
      return made("list", (_, v) => [v === null ? null : show(v)]);
    case "nullIf":
      return made(value, (_, v) => (show(v) === f.text(0) ? null : v));
    case "nullIfKey":
      return made(value, (k, v) => (show(k) === f.text(0) ? null : v));
    case "nullIfLess":
      return made(
        value,
        nullable((v) => (real(v) < f.number(0) ? null : v)),
      );
    case "failOn":
      return made(value, (_, v) => failOn(f.text(0), v, v));
    default:
      throw new ArgumentError(`unknown mapper ${f.name}`);
  }
}

export function predicate(json: Json | undefined): (key: Value, value: Value) => boolean {
  const f = new Spec(json);
  switch (f.name) {
    case "any":
      return () => true;
    case "none":
      return () => false;
    case "hasKey":
      return (k) => k !== null;
    case "hasValue":
      return (_, v) => v !== null;
    case "gt":
      return (_, v) => v !== null && real(v) > f.number(0);
    case "lt":
      return (_, v) => v !== null && real(v) < f.number(0);
    case "even":
      return (_, v) => v !== null && (whole(v) & 1n) === 0n;
    case "keyIs":
      return (k) => show(k) === f.text(0);
    case "valueIs":
      return (_, v) => show(v) === f.text(0);
    case "startsWith":
      return (_, v) => v !== null && show(v).startsWith(f.text(0));
    case "contains":
      return (_, v) => v !== null && show(v).includes(f.text(0));
    case "longer":
      return (_, v) => v !== null && show(v).length > f.number(0);
    case "failOn":
      return (_, v) => failOn(f.text(0), v, true);
    case "not": {
      const inner = predicate(f.json(0));
      return (k, v) => !inner(k, v);
    }
    default:
      throw new ArgumentError(`unknown predicate ${f.name}`);
  }
}

export interface Flat {
  readonly key: TypeName;
  readonly value: TypeName;
  readonly of: (
    key: Value,
    value: Value,
  ) => readonly { readonly key: Value; readonly value: Value }[];
}

export function flat(json: Json | undefined, key: TypeName, value: TypeName): Flat {
  const f = new Spec(json);
  switch (f.name) {
    case "words":
      return {
        key,
        value: "string",
        of: (k, v) => words(v).map((word) => ({ key: k, value: word })),
      };
    case "wordsAsKeys":
      return {
        key: "string",
        value,
        of: (_, v) => words(v).map((word) => ({ key: word, value: v })),
      };
    case "twice":
      return {
        key,
        value,
        of: (k, v) => [
          { key: k, value: v },
          { key: k, value: v },
        ],
      };
    case "swap":
      return {
        key: "string",
        value: "string",
        of: (k, v) => [{ key: v === null ? null : show(v), value: k === null ? null : show(k) }],
      };
    case "none":
      return { key, value, of: () => [] };
    default:
      throw new ArgumentError(`unknown flat function ${f.name}`);
  }
}

export function initial(json: Json | undefined): {
  readonly type: TypeName;
  readonly value: Value;
} {
  const f = new Spec(json);
  switch (f.name) {
    case "empty":
      return { type: "string", value: "" };
    case "const":
      return { type: "string", value: f.text(0) };
    case "zero":
      return { type: "int64", value: 0n };
    case "zero32":
      return { type: "int32", value: 0 };
    case "zeroDouble":
      return { type: "double", value: new Real(0) };
    case "list":
      return { type: "list", value: [] };
    case "null":
      return { type: typeOf(f.json(0)), value: null };
    default:
      throw new ArgumentError(`unknown initializer ${f.name}`);
  }
}

/** Aggregators and reducers; a reducer is called with a null key. */
export function aggregator(
  json: Json | undefined,
): (key: Value, value: Value, aggregate: Value) => Value {
  const f = new Spec(json);
  switch (f.name) {
    case "plus":
      return (_, v, a) => `${show(a)}+${show(v)}`;
    case "minus":
      return (_, v, a) => `${show(a)}-${show(v)}`;
    case "keyedPlus":
      return (k, v, a) => `${show(a)}+${show(k)}=${show(v)}`;
    case "plusNullOn":
      return (_, v, a) => (show(v) === f.text(0) ? null : `${show(a)}+${show(v)}`);
    case "failOn":
      return (_, v, a) => failOn(f.text(0), v, `${show(a)}+${show(v)}`);
    case "sum":
      return (_, v, a) => sum(a, v, 1n);
    case "subtract":
      return (_, v, a) => sum(a, v, -1n);
    case "sumNullOnZero":
      return (_, v, a) => {
        const total = sum(a, v, 1n);
        return total === null || real(total) === 0 ? null : total;
      };
    case "sumLength":
      return (_, v, a) => asLong(a ?? 0n) + BigInt(v === null ? 0 : asString(v).length);
    case "count":
      return (_k, _v, a) => asLong(a ?? 0n) + 1n;
    case "uncount":
      return (_k, _v, a) => asLong(a ?? 0n) - 1n;
    case "collect":
      return (_, v, a) => [...asItems(a), v === null ? null : show(v)];
    case "uncollect":
      return (_, v, a) => without(asItems(a), v === null ? null : show(v));
    case "max":
      return (_, v, a) => extreme(a, v, 1);
    case "min":
      return (_, v, a) => extreme(a, v, -1);
    case "last":
      return (_, v) => v;
    case "keep":
      return (_k, _v, a) => a;
    case "null":
      return () => null;
    default:
      throw new ArgumentError(`unknown aggregator ${f.name}`);
  }
}

export function merger(json: Json | undefined): (left: Value, right: Value) => Value {
  const f = new Spec(json);
  switch (f.name) {
    case "merge":
      return (left, right) => `${show(left)}&${show(right)}`;
    case "sum":
      return (left, right) => sum(left, right, 1n);
    case "append":
      return (left, right) => [...asItems(left), ...asItems(right)];
    case "max":
      return (left, right) => extreme(left, right, 1);
    case "null":
      return () => null;
    default:
      throw new ArgumentError(`unknown merger ${f.name}`);
  }
}

export function timestamps(json: Json | undefined): TimestampExtractor | undefined {
  const f = new Spec(json);
  if (json === undefined) return undefined;
  switch (f.name) {
    case "record":
      return undefined;
    case "skipInvalid":
      return skipInvalidTimestamps;
    case "partitionTime":
      return partitionTimeForInvalidTimestamps;
    case "value":
      return ({ value }) => Number(integer(value === null ? null : show(value)) ?? -1);
    case "part":
      return ({ value }) =>
        Number(integer(part(value === null ? null : show(value), f.number(0))) ?? -1);
    case "shift":
      return ({ timestamp }) => timestamp + f.number(0);
    default:
      throw new ArgumentError(`unknown timestamp extractor ${f.name}`);
  }
}

export function topicName(json: Json | undefined): (key: Value, value: Value) => string {
  const f = new Spec(json);
  if (f.name === "key") return (k) => f.text(0) + show(k);
  return (_, v) => f.text(1) + String(part(v, f.number(0)));
}

/** The type of the key in a window. */
function innerOf(type: TypeName): TypeName {
  if (typeof type !== "object") throw new ArgumentError(`${type} is no key in a window`);
  return "session" in type ? type.session : type.windowed;
}
