import { isObject, type JsonValue } from "../json/json-value.ts";

export type Draft = "4" | "6" | "7" | "2019-09" | "2020-12";

/** The draft that a schema is written for; as Confluent's registry has it, one that does not say is of draft 7. */
export function draftOf(schema: JsonValue): Draft {
  const named = isObject(schema) ? schema.get("$schema") : undefined;
  if (typeof named !== "string") return "7";
  return draftByUri.get(named.replace(/^https:/, "http:").replace(/#$/, "")) ?? "7";
}

/** Since 2019-09 what stands beside a `$ref` counts, and a value's leftovers can be spoken of. */
export function isModern(draft: Draft): boolean {
  return draft === "2019-09" || draft === "2020-12";
}

/** Whether a `$ref` names the schema of schemas itself. */
export function isMetaSchema(uri: string): boolean {
  return draftByUri.has(uri.replace(/^https:/, "http:").replace(/#$/, ""));
}

const draftByUri: ReadonlyMap<string, Draft> = new Map([
  ["http://json-schema.org/schema", "4"],
  ["http://json-schema.org/draft-04/schema", "4"],
  ["http://json-schema.org/draft-06/schema", "6"],
  ["http://json-schema.org/draft-07/schema", "7"],
  ["http://json-schema.org/draft/2019-09/schema", "2019-09"],
  ["http://json-schema.org/draft/2020-12/schema", "2020-12"],
]);
