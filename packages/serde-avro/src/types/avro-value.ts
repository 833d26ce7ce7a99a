import type { AvroDuration } from "../codec/logical-values.ts";

/** A schema as a literal in the program, from which the type of its values follows. */
export type AvroSchemaLiteral = string | readonly AvroSchemaLiteral[] | AvroSchemaObject;

export interface AvroSchemaObject {
  /** A kind of schema, or the name of a type that is defined elsewhere in the literal. */
  readonly type: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly doc?: string;
  readonly aliases?: readonly string[];
  readonly fields?: readonly AvroFieldLiteral[];
  readonly symbols?: readonly string[];
  readonly items?: AvroSchemaLiteral;
  readonly values?: AvroSchemaLiteral;
  readonly size?: number;
  readonly default?: unknown;
  readonly logicalType?: string;
  readonly precision?: number;
  readonly scale?: number;
}

export interface AvroFieldLiteral {
  readonly name: string;
  readonly type: AvroSchemaLiteral;
  readonly doc?: string;
  readonly aliases?: readonly string[];
  readonly default?: unknown;
  readonly order?: "ascending" | "descending" | "ignore";
}

/** What of the options the type of values depends on. */
export interface AvroValueTypes {
  readonly longs?: "bigint" | "number";
  readonly logicalTypes?: "values" | "plain";
}

/**
 * The type of a schema's values. A text, or a schema whose literal types are lost, as in an imported JSON file, says
 * nothing: `unknown`.
 *
 * @example
 * const schema = { type: "enum", name: "Size", symbols: ["S", "M"] } as const;
 * type Size = AvroValue<typeof schema>; // "S" | "M"
 */
export type AvroValue<Schema, Options extends AvroValueTypes = {}> =
  IsAny<Schema> extends true
    ? unknown
    : Value<Schema, "", { defs: Definitions<Schema, "">; options: Options }>;

/** `any` would have all kinds at once, without end. */
type IsAny<Type> = 0 extends 1 & Type ? true : false;

/** What a value's type is found with: the named types of the whole schema, and the options. */
interface Context {
  readonly defs: Definition;
  readonly options: AvroValueTypes;
}

/** A named type, where it stands. */
interface Definition {
  readonly name: string;
  readonly schema: unknown;
  readonly namespace: string;
}

interface Primitives {
  readonly null: null;
  readonly boolean: boolean;
  readonly int: number;
  readonly float: number;
  readonly double: number;
  readonly bytes: Uint8Array;
  readonly string: string;
}

type Long<C extends Context> = C["options"] extends { readonly longs: "number" } ? number : bigint;

type Value<Schema, Space extends string, C extends Context> = Schema extends string
  ? Word<Schema, Space, C>
  : Schema extends readonly unknown[]
    ? number extends Schema["length"]
      ? unknown
      : Union<Schema, Space, C>
    : Schema extends { readonly type: infer Type extends string }
      ? Logical<Schema, C> extends infer Meant
        ? [Meant] extends [never]
          ? Complex<Schema, Type, Space, C>
          : Meant
        : never
      : unknown;

type Word<Name extends string, Space extends string, C extends Context> = string extends Name
  ? unknown
  : Name extends keyof Primitives
    ? Primitives[Name]
    : Name extends "long"
      ? Long<C>
      : Named<Find<Name, Space, C>, C>;

type Complex<Schema, Type extends string, Space extends string, C extends Context> = Type extends
  | "record"
  | "error"
  ? RecordOf<Schema, FullName<Schema, Space>, C>
  : Type extends "enum"
    ? Schema extends { readonly symbols: readonly (infer Symbol)[] }
      ? Symbol
      : unknown
    : Type extends "fixed"
      ? Uint8Array
      : Type extends "array"
        ? Schema extends { readonly items: infer Items }
          ? Value<Items, Space, C>[]
          : unknown
        : Type extends "map"
          ? Schema extends { readonly values: infer Values }
            ? Record<string, Value<Values, Space, C>>
            : unknown
          : Word<Type, Space, C>;

type RecordOf<Schema, Name extends string, C extends Context> = Schema extends {
  readonly fields: readonly (infer Field)[];
}
  ? {
      [
        F in Field as F extends { readonly name: infer Key extends string } ? Key : never
      ]: F extends { readonly type: infer Type } ? Value<Type, SpaceOf<Name>, C> : never;
    }
  : unknown;

/** What a definition's values are, wherever it is named. */
type Named<Found, C extends Context> = [Found] extends [never]
  ? unknown
  : Found extends Definition
    ? Value<Found["schema"], Found["namespace"], C>
    : unknown;

type Find<Name extends string, Space extends string, C extends Context> = [
  Extract<C["defs"], { readonly name: Qualified<Name, Space> }>,
] extends [never]
  ? Extract<C["defs"], { readonly name: Name }>
  : Extract<C["defs"], { readonly name: Qualified<Name, Space> }>;

/** The value of a logical type; never: none. */
type Logical<Schema, C extends Context> = C["options"] extends { readonly logicalTypes: "plain" }
  ? never
  : Schema extends { readonly type: infer Type; readonly logicalType: infer Name }
    ? Type extends "bytes" | "fixed"
      ? Name extends "decimal"
        ? Schema extends { readonly precision: number }
          ? string
          : never
        : Name extends "duration"
          ? AvroDuration
          : Name extends "uuid"
            ? string
            : never
      : Type extends "int"
        ? Name extends "date" | "time-millis"
          ? string
          : never
        : Type extends "long"
          ? Name extends "timestamp-millis"
            ? number
            : Name extends LongTexts
              ? string
              : never
          : never
    : never;

type LongTexts =
  | "time-micros"
  | "timestamp-micros"
  | "timestamp-nanos"
  | "local-timestamp-millis"
  | "local-timestamp-micros"
  | "local-timestamp-nanos";

/** Branches that JavaScript tells apart stand for themselves; else each but null is in an object that names it. */
type Union<Branches extends readonly unknown[], Space extends string, C extends Context> =
  HasTwin<Branches, Space, C> extends true
    ? { [I in keyof Branches]: Wrapped<Branches[I], Space, C> }[number]
    : { [I in keyof Branches]: Value<Branches[I], Space, C> }[number];

type Wrapped<Branch, Space extends string, C extends Context> = Branch extends "null"
  ? null
  : { [Name in BranchName<Branch, Space, C>]: Value<Branch, Space, C> };

type BranchName<Branch, Space extends string, C extends Context> = Branch extends string
  ? Branch extends keyof Primitives | "long"
    ? Branch
    : Find<Branch, Space, C>["name"]
  : Branch extends { readonly type: "record" | "error" | "enum" | "fixed" }
    ? FullName<Branch, Space>
    : Branch extends { readonly type: infer Type extends string }
      ? Type extends keyof Primitives | "long" | "array" | "map"
        ? Type
        : Find<Type, Space, C>["name"]
      : never;

type HasTwin<
  Branches extends readonly unknown[],
  Space extends string,
  C extends Context,
  Seen = never,
> = Branches extends readonly [infer First, ...infer Rest]
  ? Form<First, Space, C> extends Seen
    ? true
    : HasTwin<Rest, Space, C, Seen | Form<First, Space, C>>
  : false;

/** How JavaScript tells a branch's values from others. */
type Form<Branch, Space extends string, C extends Context> = Branch extends string
  ? Branch extends "null" | "boolean" | "bytes"
    ? Branch
    : Branch extends "int" | "float" | "double"
      ? "number"
      : Branch extends "long"
        ? Long<C> extends bigint
          ? "bigint"
          : "number"
        : Branch extends "string"
          ? "text"
          : Find<Branch, Space, C> extends infer Found extends Definition
            ? Form<Found["schema"], Found["namespace"], C>
            : "object"
  : Logical<Branch, C> extends infer Meant
    ? [Meant] extends [never]
      ? PlainForm<Branch, Space, C>
      : Meant extends string
        ? "text"
        : Meant extends number
          ? "number"
          : "object"
    : never;

type PlainForm<Branch, Space extends string, C extends Context> = Branch extends {
  readonly type: infer Type extends string;
}
  ? Type extends "record" | "error" | "map"
    ? "object"
    : Type extends "enum"
      ? "text"
      : Type extends "fixed"
        ? "bytes"
        : Type extends "array"
          ? "list"
          : Form<Type, Space, C>
  : "object";

/** All named types within a schema. */
type Definitions<Schema, Space extends string> = Schema extends readonly (infer Branch)[]
  ? number extends Schema["length"]
    ? never
    : Definitions<Branch, Space>
  : Schema extends { readonly type: "record" | "error"; readonly fields: readonly (infer Field)[] }
    ? Own<Schema, Space> | FieldDefinitions<Field, SpaceOf<FullName<Schema, Space>>>
    : Schema extends { readonly type: "enum" | "fixed" }
      ? Own<Schema, Space>
      : Schema extends { readonly type: "array"; readonly items: infer Items }
        ? Definitions<Items, Space>
        : Schema extends { readonly type: "map"; readonly values: infer Values }
          ? Definitions<Values, Space>
          : never;

type FieldDefinitions<Field, Space extends string> = Field extends { readonly type: infer Type }
  ? Definitions<Type, Space>
  : never;

interface Own<Schema, Space extends string> {
  readonly name: FullName<Schema, Space>;
  readonly schema: Schema;
  readonly namespace: Space;
}

type FullName<Schema, Space extends string> = Schema extends {
  readonly name: infer Name extends string;
}
  ? Schema extends { readonly namespace: infer Given extends string }
    ? Qualified<Name, Given>
    : Qualified<Name, Space>
  : never;

type Qualified<Name extends string, Space extends string> = Name extends `${string}.${string}`
  ? Name
  : Space extends ""
    ? Name
    : `${Space}.${Name}`;

/** The namespace of a full name. */
type SpaceOf<Name extends string> = Name extends `${infer Head}.${infer Rest}`
  ? Rest extends `${string}.${string}`
    ? `${Head}.${SpaceOf<Rest>}`
    : Head
  : "";
