import { decodeUtf8 } from "@millrace/model";
import {
  ownReferences,
  resolvedReferences,
  type KnownSchema,
  type OwnSchema,
  type ResolvedReference,
  type SchemaCodec,
  type SchemaReader,
  type SchemaWriter,
} from "@millrace/schema-registry";

import { lossOf } from "@millrace/serde";

import { jsonSchemaFormat, type JsonParsedSchema } from "../json-schema-format.ts";
import { isObject } from "../json/json-value.ts";
import { encodeAfter } from "./encode-after.ts";
import type { JsonSchemaDocument } from "./from-json-schema.ts";
import {
  validatesReads,
  validatesWrites,
  type JsonSchemaReference,
  type JsonSchemaSettings,
} from "./json-schema-options.ts";
import { nestedTooDeep, Validator } from "./validator.ts";

/** A schema of the program, and the check that was compiled from it. */
export interface OwnJsonSchema {
  readonly own: OwnSchema;
  readonly validator: Validator;
}

/** @throws SchemaError, JsonSchemaError for a schema that cannot be used */
export function ownJsonSchema(
  schema: JsonSchemaDocument | string,
  references: readonly JsonSchemaReference[],
): OwnJsonSchema {
  const parsed = parse(textOf(schema), resolvedReferences(references, textOf));
  return { own: ownSchema(schema, references), validator: new Validator(parsed) };
}

/** JSON that is checked by the program's schema, or by those of the registry where it has none. */
export class JsonSchemaCodec<T> implements SchemaCodec<T> {
  readonly name = "jsonSchema";
  readonly schemaType = "JSON";
  readonly ownSchemas: readonly OwnSchema[];
  readonly #own: OwnJsonSchema | undefined;
  readonly #settings: JsonSchemaSettings;

  constructor(own: OwnJsonSchema | undefined, settings: JsonSchemaSettings) {
    this.ownSchemas = own === undefined ? [] : [own.own];
    this.#own = own;
    this.#settings = settings;
  }

  /** A value is checked by the schema that its id will name. */
  writer(schema: KnownSchema): SchemaWriter<T> {
    const isOwn = this.#own?.own.text === schema.text;
    return jsonWriter(validatesWrites(this.#settings) ? this.#validator(schema, isOwn) : undefined);
  }

  /** A value is checked by what the program knows of it, which its types say. */
  reader(schema: KnownSchema): SchemaReader<T> {
    const hasOwn = this.#own !== undefined;
    return jsonReader(validatesReads(this.#settings) ? this.#validator(schema, hasOwn) : undefined);
  }

  #validator({ text, references }: KnownSchema, isOwn: boolean): Validator {
    if (isOwn && this.#own !== undefined) return this.#own.validator;
    return new Validator(parse(text, references));
  }
}

export function jsonWriter<T>(validator: Validator | undefined): SchemaWriter<T> {
  return {
    write: (value, prefix) => {
      const text = stringify(value);
      validator?.validate(value, text.length);
      return encodeAfter(prefix, text);
    },
  };
}

export function jsonReader<T>(validator: Validator | undefined): SchemaReader<T> {
  return {
    read: (bytes, at) => {
      const value: unknown = JSON.parse(decodeUtf8(at === 0 ? bytes : bytes.subarray(at)));
      if (value === null)
        throw new TypeError("the JSON text is null; null is written as a record without a value");
      validator?.validate(value, bytes.length);
      return value as T;
    },
  };
}

function stringify(value: unknown): string {
  const text = jsonText(value);
  if (text !== undefined && text !== "null") return text;
  throw new TypeError("the value becomes null in JSON; null is a record without a value");
}

/** Undefined for what JSON has no form for, whatever the types say. */
function jsonText(value: unknown): string | undefined {
  try {
    const text: string | undefined = JSON.stringify(value);
    const loss = text === undefined ? undefined : lossOf(value);
    if (loss === undefined) return text;
    throw new TypeError(`JSON has no form for it: value${loss}`);
  } catch (error) {
    if (error instanceof RangeError) throw nestedTooDeep(error);
    throw error;
  }
}

function parse(text: string, references: readonly ResolvedReference[]): JsonParsedSchema {
  return jsonSchemaFormat.parse(text, references) as JsonParsedSchema;
}

function textOf(schema: JsonSchemaDocument | string): string {
  return typeof schema === "string" ? schema : JSON.stringify(schema);
}

function ownSchema(
  schema: JsonSchemaDocument | string,
  references: readonly JsonSchemaReference[],
): OwnSchema {
  const { text, json } = parse(textOf(schema), resolvedReferences(references, textOf));
  const title = isObject(json) ? json.get("title") : undefined;
  return {
    schemaType: "JSON",
    text,
    references: ownReferences(references, ownSchema),
    // Confluent's clients, too, call what is written by the title of its schema.
    ...(typeof title === "string" && title !== "" ? { recordName: title } : {}),
  };
}
