import { BaseError } from "@millrace/model";
import { SchemaError } from "@millrace/schema-registry";
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";

import { JsonSchemaError } from "../json-schema-error.ts";
import type { JsonParsedSchema } from "../json-schema-format.ts";
import { decimalOf, isMultiple } from "../json/decimal.ts";
import { Pattern } from "../patterns/pattern.ts";
import { stepKeyword, toAjvSchema, type AjvSchema } from "./ajv-schema.ts";
import { boundedFormats } from "./formats.ts";
import { hasRepeats } from "./unique-items.ts";

/** A schema's text beyond this is not compiled: it would take seconds. */
const schemaLengthMax = 1 << 18;
/** References that are followed for one value: so many, and so many more for each byte of it. */
const stepsMin = 10_000;
const stepsPerByte = 16;

/** Checks values by one schema, which was compiled for it. */
export class Validator {
  readonly #validate: ValidateFunction;
  readonly #steps = { left: 0 };

  /** @throws JsonSchemaError where the schema cannot be compiled within a bound */
  constructor({ json, references, text }: JsonParsedSchema) {
    if (text.length > schemaLengthMax)
      throw new JsonSchemaError(
        "SCHEMA_TOO_LARGE",
        `the JSON schema has ${text.length} signs, and is compiled up to ${schemaLengthMax}; split it`,
      );
    this.#validate = compile(toAjvSchema(json, references), this.#steps);
  }

  /**
   * @param size of the value, as text or bytes
   * @throws JsonSchemaError `INVALID_VALUE` with the place, or the bound that checking it crosses
   */
  validate(value: unknown, size: number): void {
    this.#steps.left = stepsMin + size * stepsPerByte;
    if (this.#isValid(value)) return;
    throw new JsonSchemaError("INVALID_VALUE", describe(this.#validate.errors?.[0]));
  }

  #isValid(value: unknown): boolean {
    try {
      return this.#validate(value);
    } catch (error) {
      if (error instanceof RangeError) throw nestedTooDeep(error);
      throw error;
    }
  }
}

function compile(schema: AjvSchema, steps: { left: number }): ValidateFunction {
  try {
    const validate = ajvFor(schema, steps).compile(schema.schema);
    // V8 looks into what ajv has made when it is called first.
    steps.left = stepsMin;
    tryOut(validate);
    return validate;
  } catch (cause) {
    if (cause instanceof BaseError) throw cause;
    if (cause instanceof RangeError)
      throw new JsonSchemaError(
        "SCHEMA_TOO_LARGE",
        "the JSON schema has too many parts, is nested too deep, or refers to itself without end: ajv cannot compile it; split it",
        { cause },
      );
    throw new SchemaError(
      "INVALID_SCHEMA",
      `ajv does not compile the JSON schema: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function tryOut(validate: ValidateFunction): void {
  try {
    validate(null);
  } catch (error) {
    if (!(error instanceof JsonSchemaError)) throw error;
  }
}

/** What V8 says when the stack is full: the value, or the schema for it, is nested too deep for the checks. */
export function nestedTooDeep(cause: RangeError): JsonSchemaError {
  return new JsonSchemaError(
    "NESTED_TOO_DEEP",
    "the value is nested too deep, or the JSON schema refers to itself without end; flatten it",
    { cause },
  );
}

/** Each schema has an ajv of its own: one keeps what it has compiled as long as it lives. */
function ajvFor({ draft, namesInherited }: AjvSchema, steps: { left: number }): Ajv {
  const options: Options = {
    // What others write may hold what ajv does not know, and was looked through when it was read.
    strict: false,
    validateSchema: false,
    meta: false,
    logger: false,
    allErrors: false,
    ownProperties: namesInherited,
    formats: boundedFormats,
    code: { regExp },
  };
  const ajv = newAjv(draft, options);
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    compile: (isUnique: boolean) => (items: readonly unknown[]) => !isUnique || !hasRepeats(items),
    error: { message: "must NOT have duplicate items" },
  });
  ajv.removeKeyword("multipleOf");
  ajv.addKeyword({
    keyword: "multipleOf",
    type: "number",
    schemaType: "number",
    compile: (step: number) => (value: number) => isMultipleOf(value, step),
    error: { message: ({ schema }) => `must be multiple of ${schema as number}` },
  });
  ajv.addKeyword({
    keyword: stepKeyword,
    before: "$ref",
    schema: false,
    validate: () => {
      steps.left -= 1;
      if (steps.left < 0)
        throw new JsonSchemaError(
          "VALIDATION_TOO_COSTLY",
          "checking the value follows more references of the JSON schema than are granted for its size; write the schema with fewer references within anyOf, oneOf and allOf",
        );
      return true;
    },
  });
  return ajv;
}

/** In decimals, as the numbers stand in JSON: 0.07 is a multiple of 0.01, though divided in binary it is none. */
function isMultipleOf(value: number, step: number): boolean {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(step)) return value % step === 0;
  return Number.isFinite(value) && isMultiple(decimalOf(`${value}`), decimalOf(`${step}`)) === true;
}

function newAjv(draft: AjvSchema["draft"], options: Options): Ajv {
  if (draft === "2020-12") return new Ajv2020(options) as unknown as Ajv;
  if (draft === "2019-09") return new Ajv2019(options) as unknown as Ajv;
  return new Ajv(options);
}

/** ajv asks with `new RegExp`'s arguments; `code` is for schemas that are written to files. */
const regExp = Object.assign((source: string) => new Pattern(source), {
  code: "Pattern",
});

function describe(error: ErrorObject | undefined): string {
  if (error === undefined) return "the value does not match the JSON schema";
  const { instancePath, message, params, keyword } = error;
  const detail =
    "additionalProperty" in params ? `: ${JSON.stringify(params["additionalProperty"])}` : "";
  const allowed = keyword === "enum" ? `: ${JSON.stringify(params["allowedValues"])}` : "";
  return `the value${instancePath === "" ? "" : ` at ${instancePath}`} ${message}${detail}${allowed}`;
}
