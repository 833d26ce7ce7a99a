import type { JsonObject } from "../json/json-value.ts";
import { isModern, type Draft } from "./draft.ts";

/** The keyword by which a schema refers to another. Those that are dynamic are followed as if they were not. */
export function referenceKeyword(json: JsonObject, draft: Draft): string | undefined {
  const keywords = isModern(draft) ? ["$ref", "$dynamicRef", "$recursiveRef"] : ["$ref"];
  return keywords.find((keyword) => json.has(keyword));
}
