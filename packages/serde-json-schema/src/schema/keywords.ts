import { SchemaError } from "@millrace/schema-registry";

import {
  isArray,
  isNumber,
  isObject,
  typeOf,
  type JsonArray,
  type JsonObject,
  type JsonValue,
} from "../json/json-value.ts";

/** Reads the keywords of one schema; what has the wrong type is told with its place. */
export class Keywords {
  readonly #json: JsonObject;
  readonly #place: string;

  constructor(json: JsonObject, place: string) {
    this.#json = json;
    this.#place = place;
  }

  has(...names: readonly string[]): boolean {
    return names.some((name) => this.#json.has(name));
  }

  any(name: string): JsonValue | undefined {
    return this.#json.get(name);
  }

  string(name: string): string | undefined {
    const value = this.#json.get(name);
    if (value !== undefined && typeof value !== "string") throw this.wrong(name, "a string", value);
    return value;
  }

  boolean(name: string): boolean | undefined {
    const value = this.#json.get(name);
    if (value !== undefined && typeof value !== "boolean")
      throw this.wrong(name, "a boolean", value);
    return value;
  }

  digits(name: string): string | undefined {
    const value = this.#json.get(name);
    if (value !== undefined && !isNumber(value)) throw this.wrong(name, "a number", value);
    return value?.digits;
  }

  number(name: string): number | undefined {
    const digits = this.digits(name);
    return digits === undefined ? undefined : Number(digits);
  }

  integer(name: string): number | undefined {
    const value = this.number(name);
    if (value !== undefined && !Number.isInteger(value)) throw this.wrong(name, "an integer");
    return value;
  }

  array(name: string): JsonArray | undefined {
    const value = this.#json.get(name);
    if (value !== undefined && !isArray(value)) throw this.wrong(name, "an array", value);
    return value;
  }

  object(name: string): JsonObject | undefined {
    const value = this.#json.get(name);
    if (value !== undefined && !isObject(value)) throw this.wrong(name, "an object", value);
    return value;
  }

  strings(name: string): readonly string[] | undefined {
    return this.array(name)?.map((item, i) => {
      if (typeof item !== "string") throw this.wrong(`${name}/${i}`, "a string", item);
      return item;
    });
  }

  wrong(name: string, wanted: string, found?: JsonValue): SchemaError {
    const instead = found === undefined ? "" : `, and is ${typeOf(found)}`;
    return new SchemaError(
      "INVALID_SCHEMA",
      `${this.#place}/${name} of the JSON schema has to be ${wanted}${instead}`,
    );
  }
}
