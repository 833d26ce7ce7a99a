/**
 * A JSON schema, as an object of JavaScript; as a text it is given as text. A Standard Schema is none, but what zod makes
 * of one by `z.toJSONSchema` is, and says so by any keyword that it may have.
 */
export type JsonSchemaDocument =
  | boolean
  | (object & { readonly "~standard"?: never })
  | { readonly "~standard": unknown; readonly [keyword: string]: unknown };

/**
 * The type of the values that a schema lets through, as far as TypeScript can tell from the schema's literal: types,
 * properties, items, const, enum, references within the schema, and combinations. What it cannot tell is `unknown`.
 *
 * @example type Order = FromJsonSchema<typeof orderSchema>; // of a schema that is `as const`
 */
export type FromJsonSchema<Schema, Root = Schema> = Schema extends true
  ? unknown
  : Schema extends false
    ? never
    : Schema extends { readonly $ref: infer Reference }
      ? FromReference<Reference, Root>
      : Schema extends { readonly const: infer Value }
        ? Value
        : Schema extends { readonly enum: readonly (infer Value)[] }
          ? Value
          : FromParts<Schema, Root>;

type FromReference<Reference, Root> = Reference extends "#"
  ? FromJsonSchema<Root>
  : Reference extends `#/${infer Folder extends "$defs" | "definitions"}/${infer Name}`
    ? Root extends { readonly [F in Folder]: { readonly [N in Name]: infer Schema } }
      ? FromJsonSchema<Schema, Root>
      : unknown
    : unknown;

/** What stands beside each other holds at once. */
type FromParts<Schema, Root> = FromType<Schema, Root> &
  FromAlternatives<Schema, "anyOf", Root> &
  FromAlternatives<Schema, "oneOf", Root> &
  (Schema extends { readonly allOf: infer Parts } ? AllOf<Parts, Root> : unknown);

type FromAlternatives<Schema, Keyword extends "anyOf" | "oneOf", Root> = Schema extends {
  readonly [K in Keyword]: readonly (infer Part)[];
}
  ? Part extends unknown
    ? FromJsonSchema<Part, Root>
    : never
  : unknown;

type AllOf<Parts, Root> = Parts extends readonly [infer First, ...infer Others]
  ? FromJsonSchema<First, Root> & AllOf<Others, Root>
  : unknown;

type FromType<Schema, Root> = Schema extends { readonly type: infer Type }
  ? Type extends readonly (infer One)[]
    ? OfType<One, Schema, Root>
    : OfType<Type, Schema, Root>
  : unknown;

type OfType<Type, Schema, Root> = Type extends "string"
  ? string
  : Type extends "number" | "integer"
    ? number
    : Type extends "boolean"
      ? boolean
      : Type extends "null"
        ? null
        : Type extends "array"
          ? FromItems<Schema, Root>[]
          : Type extends "object"
            ? FromObject<Schema, Root>
            : unknown;

type FromItems<Schema, Root> = Schema extends { readonly prefixItems: readonly (infer First)[] }
  ? FromEach<First, Root> | FromRest<Schema, "items", Root>
  : Schema extends { readonly items: readonly (infer First)[] }
    ? FromEach<First, Root> | FromRest<Schema, "additionalItems", Root>
    : FromRest<Schema, "items", Root>;

type FromEach<Part, Root> = Part extends unknown ? FromJsonSchema<Part, Root> : never;

type FromRest<Schema, Keyword extends string, Root> = Schema extends {
  readonly [K in Keyword]: infer Rest;
}
  ? FromJsonSchema<Rest, Root>
  : unknown;

type FromObject<Schema, Root> = Schema extends { readonly properties: infer Properties }
  ? FromProperties<Properties, RequiredOf<Schema>, Root>
  : Schema extends { readonly additionalProperties: infer Rest }
    ? { [name: string]: FromJsonSchema<Rest, Root> }
    : { [name: string]: unknown };

type RequiredOf<Schema> = Schema extends { readonly required: readonly (infer Name)[] }
  ? Name
  : never;

type FromProperties<Properties, Required, Root> = Flat<
  {
    -readonly [Name in keyof Properties as Name extends Required ? Name : never]: FromJsonSchema<
      Properties[Name],
      Root
    >;
  } & {
    -readonly [Name in keyof Properties as Name extends Required ? never : Name]?: FromJsonSchema<
      Properties[Name],
      Root
    >;
  }
>;

/** One object type of several: what editors show is then the shape. */
type Flat<T> = { [Name in keyof T]: T[Name] };
