/**
 * JSON as it was written: members in their order, also those named like numbers or `__proto__`, and numbers with all
 * their digits. The text of a schema is its identity, and objects of JavaScript lose both.
 */
export type JsonValue = null | boolean | string | JsonNumber | JsonArray | JsonObject;

export type JsonArray = readonly JsonValue[];

/** Members by name, in the order of the text; of a name that comes twice, the last value. */
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** A number by its digits. */
export interface JsonNumber {
  readonly digits: string;
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map;
}

export function isArray(value: JsonValue | undefined): value is JsonArray {
  return Array.isArray(value);
}

export function isNumber(value: JsonValue | undefined): value is JsonNumber {
  return typeof value === "object" && value !== null && "digits" in value;
}

/** What JSON calls it. */
export function typeOf(value: JsonValue): string {
  if (value === null) return "null";
  if (isArray(value)) return "array";
  if (isNumber(value)) return "number";
  return typeof value;
}
