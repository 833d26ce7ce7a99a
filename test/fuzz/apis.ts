import type { Api } from "@millrace/protocol";
import * as definitions from "@millrace/protocol/definitions";

/** All that are defined. */
export const apis: readonly Api[] = Object.values<unknown>(definitions).filter(isApi);

function isApi(value: unknown): value is Api {
  return typeof value === "object" && value !== null && "request" in value && "response" in value;
}
