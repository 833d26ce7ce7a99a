import { RegistryError } from "../registry-error.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Members of a body, or of a record; null counts as left out. */
export function textMember(object: JsonObject, name: string): string | undefined {
  return member(object, name, "a text", (value) => typeof value === "string") as string | undefined;
}

export function flagMember(object: JsonObject, name: string): boolean | undefined {
  const isFlag = (value: unknown): boolean => typeof value === "boolean";
  return member(object, name, "true or false", isFlag) as boolean | undefined;
}

export function integerMember(object: JsonObject, name: string): number | undefined {
  const isInteger = (value: unknown): boolean =>
    typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 2 ** 31;
  return member(object, name, "a whole number of 32 bits", isInteger) as number | undefined;
}

export function objectMember(object: JsonObject, name: string): JsonObject | undefined {
  return member(object, name, "an object", isJsonObject) as JsonObject | undefined;
}

function listMember(object: JsonObject, name: string): readonly unknown[] | undefined {
  return member(object, name, "a list", Array.isArray) as readonly unknown[] | undefined;
}

export function objectsMember(object: JsonObject, name: string): readonly JsonObject[] | undefined {
  const isObjects = (value: unknown): boolean => Array.isArray(value) && value.every(isJsonObject);
  return member(object, name, "a list of objects", isObjects) as readonly JsonObject[] | undefined;
}

/** Texts by name. */
export function textsMember(
  object: JsonObject,
  name: string,
): Readonly<Record<string, string>> | undefined {
  const isTexts = (value: unknown): boolean =>
    isJsonObject(value) && Object.values(value).every((one) => typeof one === "string");
  return member(object, name, "texts by name", isTexts) as
    | Readonly<Record<string, string>>
    | undefined;
}

/** A list of texts, as a set. */
export function textSetMember(object: JsonObject, name: string): readonly string[] | undefined {
  const list = listMember(object, name);
  if (list === undefined) return undefined;
  const texts = list.filter((one) => typeof one === "string");
  if (texts.length !== list.length) throw badMember(name, "a list of texts");
  return [...new Set(texts)].sort();
}

/** In the order of the names, as Confluent's registry keeps them. */
export function sortedByName<Value>(
  object: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    Object.entries(object).sort(([left], [right]) => (left < right ? -1 : 1)),
  );
}

function member(
  object: JsonObject,
  name: string,
  allowed: string,
  accepts: (value: unknown) => boolean,
): unknown {
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  if (value === undefined || value === null) return undefined;
  if (!accepts(value)) throw badMember(name, allowed);
  return value;
}

function badMember(name: string, allowed: string): RegistryError {
  return new RegistryError("BAD_REQUEST", `${name} must be ${allowed}`);
}
