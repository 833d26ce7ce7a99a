import { shown } from "@millrace/model";
import type { StoreSpecification } from "@millrace/state";

import { TopologyError } from "../error/topology-error.ts";

export function isSpecification(given: unknown): given is StoreSpecification {
  if (typeof given !== "object" || given === null) return false;
  const { kind, name } = given as Partial<StoreSpecification>;
  return typeof kind === "object" && kind !== null && typeof name === "string";
}

/** @throws TopologyError `INVALID_ARGUMENT` */
export function requireSpecification(given: unknown, method: string): StoreSpecification {
  if (isSpecification(given)) return given;
  throw new TopologyError(
    "INVALID_ARGUMENT",
    `${method} was given ${shown(given)}; give a specification, such as keyValueStore({ … })`,
  );
}
