import type { AvroSchema } from "./avro-schema.ts";
import {
  isJsonArray,
  isJsonObject,
  jsonDouble,
  jsonInteger,
  printJson,
  type Json,
} from "./json.ts";

/** How deep defaults of records may stand in each other; one that holds itself has no end. */
const depthMax = 300;
/** How many parts a default may have: records that take the defaults of records may double it with each level. */
const partsMax = 100_000;
const int = { min: -(2n ** 31n), max: 2n ** 31n - 1n };
const long = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/** Why a default does not fit its schema; undefined: it does. A union's may be that of any branch. */
export function checkDefault(schema: AvroSchema, given: Json): string | undefined {
  return check(schema, given, { parts: 0 }, 0);
}

function check(
  schema: AvroSchema,
  given: Json,
  count: { parts: number },
  depth: number,
): string | undefined {
  if (depth > depthMax) return "it has no end";
  if (++count.parts > partsMax) return `it has more than ${partsMax} parts`;
  const inner = (part: AvroSchema, json: Json): string | undefined =>
    check(part, json, count, depth + 1);
  switch (schema.kind) {
    case "union": {
      const fits = schema.branches.some((branch) => inner(branch, given) === undefined);
      return fits ? undefined : `${printed(given)} fits no branch of the union`;
    }
    case "array":
      return isJsonArray(given) ? firstOf(given, (item) => inner(schema.items, item)) : no();
    case "map":
      return isJsonObject(given)
        ? firstOf(Object.values(given), (value) => inner(schema.values, value))
        : no();
    case "record":
      if (!isJsonObject(given)) return no();
      return firstOf(schema.fields, (field) => {
        const value = Object.hasOwn(given, field.name) ? given[field.name] : field.default;
        return value === undefined
          ? `${schema.name.full}.${field.name} is missing in it`
          : inner(field.schema, value);
      });
    case "enum":
      return typeof given === "string" && schema.symbols.includes(given) ? undefined : no();
    case "fixed":
      return isBytes(given) && given.length === schema.size ? undefined : no();
    default:
      return fitsPrimitive(schema.kind, given) ? undefined : no();
  }

  function no(): string {
    return `${printed(given)} is no ${schema.kind}`;
  }
}

function fitsPrimitive(kind: AvroSchema["kind"], given: Json): boolean {
  switch (kind) {
    case "null":
      return given === null;
    case "boolean":
      return typeof given === "boolean";
    case "int":
      return isWithin(jsonInteger(given), int);
    case "long":
      return isWithin(jsonInteger(given), long);
    case "float":
    case "double":
      return jsonDouble(given) !== undefined || isNoNumber(given);
    case "bytes":
      return isBytes(given);
    default:
      return typeof given === "string";
  }
}

/** A real number that JSON has no number for stands as a text in defaults. */
function isNoNumber(given: Json): given is "NaN" | "Infinity" | "-Infinity" {
  return given === "NaN" || given === "Infinity" || given === "-Infinity";
}

/** A default's bytes are letters, one each, up to U+00FF. */
function isBytes(given: Json): given is string {
  // oxlint-disable-next-line no-control-regex -- all values of a byte
  return typeof given === "string" && /^[\u0000-\u00ff]*$/.test(given);
}

function isWithin(value: bigint | undefined, { min, max }: typeof int): boolean {
  return value !== undefined && value >= min && value <= max;
}

function firstOf<Part>(
  parts: readonly Part[],
  checkPart: (part: Part) => string | undefined,
): string | undefined {
  for (const part of parts) {
    const wrong = checkPart(part);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function printed(given: Json): string {
  return printJson(given).slice(0, 100);
}
