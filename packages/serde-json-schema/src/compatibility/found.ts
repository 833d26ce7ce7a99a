import type { SchemaNode } from "../schema/schema-node.ts";
import type { DifferenceKind } from "./difference-kinds.ts";

/** A difference of two schemas, by where it is below the pair that was compared: keys with slashes between. */
export interface Found {
  readonly kind: DifferenceKind;
  readonly path: string;
}

/** Compares two schemas within those that are compared; a missing one was not there before, or is not any more. */
export interface Comparing {
  compare(original: SchemaNode | undefined, update: SchemaNode | undefined): readonly Found[];
  /** Whether the policy lets all of them pass. */
  allows(found: readonly Found[]): boolean;
  /**
   * Counts one more step of the comparison.
   *
   * @throws SchemaError beyond the bound
   */
  count(): void;
}

export function found(kind: DifferenceKind, path = ""): readonly Found[] {
  return [{ kind, path }];
}

/** The same, seen from further out. */
export function under(path: string, all: readonly Found[]): readonly Found[] {
  return all.map((one) => ({
    kind: one.kind,
    path: one.path === "" ? path : `${path}/${one.path}`,
  }));
}

type Limit =
  | ("MAX_LENGTH" | "MIN_LENGTH" | "MAX_ITEMS" | "MIN_ITEMS" | "MAX_CONTAINS" | "MIN_CONTAINS")
  | ("MAXIMUM" | "MINIMUM" | "EXCLUSIVE_MAXIMUM" | "EXCLUSIVE_MINIMUM")
  | ("MAX_PROPERTIES" | "MIN_PROPERTIES");

/** What became of a keyword that limits by a number. */
export function limitFound(
  keyword: string,
  limit: Limit,
  was: number | undefined,
  is: number | undefined,
): readonly Found[] {
  if (was === is) return [];
  if (was === undefined || is === undefined)
    return found(was === undefined ? `${limit}_ADDED` : `${limit}_REMOVED`, keyword);
  return found(was < is ? `${limit}_INCREASED` : `${limit}_DECREASED`, keyword);
}
