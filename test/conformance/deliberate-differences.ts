import type { JudgedProgram } from "./oracle.ts";
import { asObject, type JsonObject, type Program } from "./program.ts";

const curatedDifferences = new Set(["errors/invalid-8", "errors/invalid-13", "errors/unknown-2"]);

/** Whether an outcome differs on purpose; `docs/compatibility.md` has the differences, and why. */
export function differenceOf({ program, outcome }: JudgedProgram): "sure" | "possible" | "none" {
  const { phase, class: kind } = outcome.error ?? {};
  const hasFailedToMerge = phase === "build" && kind === "streams"; // repartition topics
  if (hasFailedToMerge || curatedDifferences.has(program.name)) return "sure";
  if (refusesQuery({ program, outcome })) return "sure";
  if (refusesCogroup({ program, outcome })) return "sure";
  return mayLoseWindows(program) ? "possible" : "none";
}

/** With so little room entries leave the cache in every program. */
const smallCacheBytes = 1000;

/** A cached session store in RocksDB that is empty cannot be read backwards in Kafka: `Window startMs time cannot be negative`. */
function refusesQuery({ program, outcome }: JudgedProgram): boolean {
  const failed = outcome.steps?.findIndex(({ error }) => error?.class === "argument") ?? -1;
  const step = program.steps[failed];
  return step?.["reverse"] === true && step["fetch"] !== undefined;
}

/** Kafka takes the windows of a cogroup for versioned where all that it groups comes from versioned tables. */
function refusesCogroup({ program: { program }, outcome: { error } }: JudgedProgram): boolean {
  if (error?.phase !== "build" || error.class !== "topology") return false;
  const parentsOf = ({ on, with: other }: JsonObject): readonly JsonObject[] =>
    program.filter(({ let: name }) => name !== undefined && (name === on || name === other));
  const isVersioned = (statement: JsonObject): boolean =>
    asObject(statement["store"])["type"] === "versioned" ||
    (parentsOf(statement).length > 0 && parentsOf(statement).every(isVersioned));
  const hasCogroup = (statement: JsonObject): boolean =>
    statement["op"] === "cogroup" ? isVersioned(statement) : parentsOf(statement).some(hasCogroup);
  return program.some((statement) => statement["op"] === "suppress" && hasCogroup(statement));
}

/**
 * Kafka's aggregate of sliding windows writes while it searches. A window that leaves the cache meanwhile is given by
 * the iterator of the store beneath, as it was before.
 */
function mayLoseWindows({ config = {}, program }: Program): boolean {
  const isSmall = Number(config["cacheBytes"] ?? Infinity) <= smallCacheBytes;
  const slides = ({ window }: JsonObject): boolean => asObject(window)["kind"] === "sliding";
  return isSmall && program.some(slides);
}
