import { isDeepStrictEqual } from "node:util";

import type { Difference } from "./compare.ts";
import type { JudgedProgram } from "./oracle.ts";
import { asObject, asText, type JsonObject } from "./program.ts";

const curatedDifferences = new Set(["errors/invalid-8", "errors/invalid-13", "errors/unknown-2"]);

/** Whether an outcome differs on purpose, as `found`; `docs/compatibility.md` has the differences, and why. */
export function differenceOf(
  judged: JudgedProgram,
  found: readonly Difference[],
): "sure" | "possible" | "none" {
  const { program, outcome } = judged;
  const { phase, class: kind } = outcome.error ?? {};
  const hasFailedToMerge = phase === "build" && kind === "streams"; // repartition topics
  if (hasFailedToMerge || curatedDifferences.has(program.name)) return "sure";
  if (refusesQuery(judged) || refusesCogroup(judged) || writesNowhere(judged, found)) return "sure";
  if (passesGeneratedNames(judged)) return "sure";
  const mayDiffer = [losesWindows, failsAgain, tellsNoRecord, tellsAnother].some((kind) =>
    kind(judged, found),
  );
  return mayDiffer ? "possible" : "none";
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

/** Kafka does not look at a foreign-key join where explicit names are required: neither at its topics nor at its store. */
function passesGeneratedNames({ program: { config = {}, program }, outcome }: JudgedProgram) {
  const isUnnamed = ({ foreignKey, name }: JsonObject): boolean =>
    foreignKey !== undefined && name === undefined;
  return config["explicitNames"] === true && outcome.error === undefined && program.some(isUnnamed);
}

const legalTopic = /^[a-zA-Z0-9._-]{1,249}$/;

/** Kafka's driver writes to topics that no broker takes; until then all is equal. */
function writesNowhere(
  { outcome: { steps = [] } }: JudgedProgram,
  found: readonly Difference[],
): boolean {
  const writes = steps.findIndex(({ out = [] }) =>
    out.some(({ topic }) => !legalTopic.test(topic)),
  );
  return writes >= 0 && writes === Math.min(...found.map(stepOf));
}

/**
 * Kafka's aggregate of sliding windows writes while it searches. A window that leaves the cache meanwhile is given by
 * the iterator of the store beneath, as it was before. The store of such windows is the first that differs.
 */
function losesWindows({ program }: JudgedProgram, found: readonly Difference[]): boolean {
  const { config = {}, program: statements } = program;
  if (Number(config["cacheBytes"] ?? Infinity) > smallCacheBytes) return false;
  const windows = statements.filter(
    ({ window, emit }) => asObject(window)["kind"] === "sliding" && emit !== "close",
  );
  const stores = statements
    .filter(({ on }) => windows.some(({ let: name }) => name === on))
    .map(({ store }) => asObject(store));
  const first = Math.min(...found.map(stepOf));
  return found
    .filter((difference) => stepOf(difference) === first)
    .some(({ where }) => stores.some((store) => isIn(where, store)));
}

/** A record that waits in a join, and whose joiner fails, fails again in Kafka with each one that it leaves out. */
function failsAgain({ program, outcome }: JudgedProgram, found: readonly Difference[]): boolean {
  if (program.config?.["onProcessingError"] !== "continue") return false;
  const first = outcome.steps?.[Math.min(...found.map(stepOf))];
  const mayFail = ({ window, grace, fn }: JsonObject): boolean =>
    (window !== undefined || grace !== undefined) && Array.isArray(fn) && fn[0] === "failOn";
  return (first?.dropped ?? 0) > 0 && program.program.some(mayFail);
}

/** A table's transformer that fails where a join asks it for a row: Kafka's dead letter has no record then, and no place. */
function tellsNoRecord({ program }: JudgedProgram, found: readonly Difference[]): boolean {
  const letters = program.config?.["deadLetterTopic"];
  const failing = program.program.filter(
    ({ op, fn }) => op === "transformValues" && Array.isArray(fn) && fn[0] === "failOn",
  );
  const isAsked = program.program.some(({ with: other }) =>
    failing.some(({ let: name }) => name === other),
  );
  return isAsked && found.every((one) => one.where.endsWith(` ${letters}`) && lacksRecords(one));
}

/** What fails behind a row that nobody has met in a join of streams: Kafka's dead letter has the record that let it out. */
function tellsAnother({ program }: JudgedProgram, found: readonly Difference[]): boolean {
  const letters = program.config?.["deadLetterTopic"];
  const mayLetOut = program.program.some(
    ({ op, window }) => (op === "leftJoin" || op === "outerJoin") && window !== undefined,
  );
  const lacksOurs = ({ where, expected, actual }: Difference): boolean =>
    where.endsWith(` ${letters}`) && lacksRecords({ where, expected: actual, actual: expected });
  return mayLetOut && found.every(lacksOurs);
}

interface LetterFact {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, readonly (string | null)[] | null])[];
}

/** What is expected says of the errors what the actual letters say, and of some not to which record they belong. */
function lacksRecords({ expected, actual }: Difference): boolean {
  const letters = (expected ?? []) as readonly LetterFact[]; // what is written of a topic
  const others = (actual ?? []) as readonly LetterFact[];
  if (letters.length !== others.length) return false;
  return letters.every((letter, index) => {
    if (isDeepStrictEqual(letter, others[index])) return true;
    const hasRecord = topicOf(others[index]) !== null;
    const lacksOne = letter.key === null && letter.value === null && topicOf(letter) === null;
    return hasRecord && lacksOne && isDeepStrictEqual(errorsOf(letter), errorsOf(others[index]));
  });
}

const placeHeader = /^__streams\.errors\.(topic|partition|offset)$/;

function topicOf({ headers }: LetterFact): string | null | undefined {
  return headers.find(([name]) => name === "__streams.errors.topic")?.[1]?.[0];
}

function errorsOf({ headers }: LetterFact): readonly string[] {
  const names = headers.map(([name]) => name);
  return names.filter((name) => name.startsWith("__streams.errors.") && !placeHeader.test(name));
}

/** Contents of stores and metrics are seen after all steps. */
function stepOf({ where }: Difference): number {
  return Number(/^step (\d+)/.exec(where)?.[1] ?? Number.MAX_SAFE_INTEGER);
}

/** True: a difference lies in what this store of windows logs; one that is not logged is seen in what comes of it. */
function isIn(where: string, { name, logging }: JsonObject): boolean {
  if (logging === false) return where.startsWith("step ");
  const own =
    name === undefined ? "(KSTREAM|COGROUPKSTREAM)-[A-Z]+-STATE-STORE-\\d+" : asText(name);
  return new RegExp(`^step \\d+ .*-${own}-changelog$`).test(where);
}
