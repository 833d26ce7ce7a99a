import type { JudgedProgram } from "./oracle.ts";
import { asObject, type JsonObject, type Program } from "./program.ts";

const curatedDifferences = new Set(["errors/invalid-13", "errors/unknown-2"]);

/** Whether an outcome differs on purpose; `docs/compatibility.md` has the differences, and why. */
export function differenceOf({ program, outcome }: JudgedProgram): "sure" | "possible" | "none" {
  const { phase, class: kind } = outcome.error ?? {};
  const hasFailedToMerge = phase === "build" && kind === "streams"; // repartition topics
  if (hasFailedToMerge || curatedDifferences.has(program.name)) return "sure";
  return mayLoseWindows(program) ? "possible" : "none";
}

/** With so little room entries leave the cache in every program. */
const smallCacheBytes = 1000;

/**
 * Kafka's aggregate of sliding windows writes while it searches. A window that leaves the cache meanwhile is read from
 * a snapshot of RocksDB, as it was before.
 */
function mayLoseWindows({ config = {}, program }: Program): boolean {
  const isSmall = Number(config["cacheBytes"] ?? Infinity) <= smallCacheBytes;
  const usesRocksdb = (statement: JsonObject): boolean =>
    (asObject(statement["store"])["type"] ?? config["stores"]) === "rocksdb";
  const slides = ({ window }: JsonObject): boolean => asObject(window)["kind"] === "sliding";
  return isSmall && program.some(slides) && program.some(usesRocksdb);
}
