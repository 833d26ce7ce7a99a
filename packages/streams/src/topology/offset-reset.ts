import { parseDuration, type Duration } from "@millrace/model";

import { TopologyError } from "../error/topology-error.ts";

/**
 * Where an input goes on that has no committed offset, or one that its log does not have (Kafka: `AutoOffsetReset`).
 * `none`: the application ends. `byDuration`: at the first record that is not older; at the end where there is none.
 */
export type OffsetReset = "earliest" | "latest" | "none" | { readonly byDuration: Duration };

/** What may be given, for messages. */
export const offsetResetsAllowed = '"earliest", "latest", "none" or { byDuration: "7d" }';

export function isOffsetReset(given: unknown): given is OffsetReset {
  if (given === "earliest" || given === "latest" || given === "none") return true;
  if (typeof given !== "object" || given === null || !("byDuration" in given)) return false;
  return parseDuration(given.byDuration) !== undefined;
}

/** @throws TopologyError `INVALID_OFFSET_RESET` */
export function checkOffsetReset(given: OffsetReset | undefined, source: string): void {
  if (given === undefined || isOffsetReset(given)) return;
  throw new TopologyError(
    "INVALID_OFFSET_RESET",
    `offsetReset of source ${source} is ${JSON.stringify(given)}; give ${offsetResetsAllowed}`,
  );
}

/** Equal for policies that mean the same; as Kafka writes it. */
export function offsetResetText(reset: OffsetReset | undefined): string {
  if (typeof reset !== "object") return reset ?? "";
  return `by_duration:${parseDuration(reset.byDuration)}`;
}
