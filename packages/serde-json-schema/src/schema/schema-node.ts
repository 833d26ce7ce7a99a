import type { JsonObject, JsonValue } from "../json/json-value.ts";

/**
 * What a schema demands, sorted by the kind of value it speaks of. A schema that speaks of several becomes an `allOf`
 * of them; a list of types an `anyOf`. The rules of compatibility compare these, node by node.
 */
export type SchemaNode =
  | PlainNode
  | StringNode
  | NumberNode
  | ObjectNode
  | ArrayNode
  | EnumNode
  | ConstNode
  | NotNode
  | CombinedNode
  | ReferenceNode;

/** What the schema says beside what it demands; two nodes of one schema share its text. */
export interface Annotated {
  /** The schema as written: two nodes of one kind with one text are one. */
  readonly source: JsonValue;
  readonly id?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: JsonValue;
  /** Kafka Connect holds bytes in it, as text or as number: the two are one to it. */
  readonly isConnectBytes: boolean;
}

/** `any` takes all values, `never` none; of a `conditional` nothing is compared. */
export interface PlainNode extends Annotated {
  readonly kind: "any" | "never" | "boolean" | "null" | "conditional";
}

export interface StringNode extends Annotated {
  readonly kind: "string";
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}

export interface NumberNode extends Annotated {
  readonly kind: "number";
  readonly isInteger: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  /** By its digits: remainders are exact. */
  readonly multipleOf?: string;
}

export interface ObjectNode extends Annotated {
  readonly kind: "object";
  readonly properties: ReadonlyMap<string, SchemaNode>;
  readonly patternProperties: ReadonlyMap<string, SchemaNode>;
  readonly required: ReadonlySet<string>;
  /** Absent: true. A schema stands for itself. */
  readonly additional?: false | SchemaNode;
  readonly unevaluated?: SchemaNode;
  readonly dependentRequired: ReadonlyMap<string, ReadonlySet<string>>;
  readonly dependentSchemas: ReadonlyMap<string, SchemaNode>;
  readonly minProperties?: number;
  readonly maxProperties?: number;
}

export interface ArrayNode extends Annotated {
  readonly kind: "array";
  /** Of every item. */
  readonly items?: SchemaNode;
  /** Of the first items, one each. */
  readonly prefixItems: readonly SchemaNode[];
  /** Of those after the first ones. Absent: true. */
  readonly additional?: false | SchemaNode;
  readonly unevaluated?: SchemaNode;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minContains?: number;
  readonly maxContains?: number;
  readonly isUnique: boolean;
}

export interface EnumNode extends Annotated {
  readonly kind: "enum";
  readonly values: readonly JsonValue[];
}

export interface ConstNode extends Annotated {
  readonly kind: "const";
  readonly value: JsonValue;
}

export interface NotNode extends Annotated {
  readonly kind: "not";
  readonly schema: SchemaNode;
}

export type Criterion = "allOf" | "anyOf" | "oneOf";

export interface CombinedNode extends Annotated {
  readonly kind: "combined";
  readonly criterion: Criterion;
  readonly parts: readonly SchemaNode[];
}

/** Where a `$ref` stands; what it names is known once all of the schema is read. */
export interface ReferenceNode extends Annotated {
  readonly kind: "reference";
  readonly source: JsonObject;
  target: SchemaNode | undefined;
}
