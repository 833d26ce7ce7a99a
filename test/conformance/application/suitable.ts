import type { JudgedProgram } from "../oracle.ts";
import { asList, asObject, asText, type Json, type JsonObject, type Program } from "../program.ts";
import { isRecord } from "./placed-program.ts";

const forbiddenConfigs = [
  "onDeserializationError",
  "onProcessingError",
  "onProductionError",
  "deadLetterTopic",
  "explicitNames",
];

/** It takes a topic as its changelog. */
const forbiddenOperators = ["addReadOnlyStore"];
const forbiddenFields = ["pattern", "topicFrom"];

/**
 * Whether a program may have one result alone, whatever restarts and the order between partitions do: no planned error,
 * nothing left out, no wall clock, no timers, no late records where lateness counts, and global tables that are whole
 * before the first record. Whether it has is found by running it.
 */
export function isSuitable({ program: judged, outcome }: JudgedProgram): boolean {
  const { config = {}, program, steps } = judged;
  if (outcome.error !== undefined || outcome.metrics?.["dropped-records-total"] !== 0) return false;
  if (outcome.steps?.some(({ error }) => error !== undefined)) return false;
  if (forbiddenConfigs.some((name) => config[name] !== undefined)) return false;
  if (steps.some((step) => step["advanceWallClock"] !== undefined)) return false;
  if (program.some(isForbidden)) return false;
  if (program.some((st) => writesOthersKeys(st, program) || meetsOthers(st, program))) return false;
  if (program.some((st) => waitsBehindDrops(st, program))) return false;
  const isGlobal = isOfGlobal(program);
  const records = steps.filter(isRecord);
  if (records.findLastIndex(isGlobal) > records.findIndex((step) => !isGlobal(step))) return false;
  return !program.some(needsOrder) || isOrdered(records.filter((step) => !isGlobal(step)));
}

/** Global tables have no order with the tasks: what they read comes first. */
export function withGlobalsFirst({ steps, ...rest }: Program): Program {
  const isGlobal = isOfGlobal(rest.program);
  const isOther = (step: JsonObject) => !isGlobal(step);
  return { ...rest, steps: [...steps.filter(isGlobal), ...steps.filter(isOther)] };
}

function isOfGlobal(program: readonly JsonObject[]): (step: JsonObject) => boolean {
  const globals = program.filter(({ op }) => op === "globalTable" || op === "globalStore");
  const topics = new Set(globals.map(({ topic }) => topic));
  return ({ pipe }) => topics.has(pipe);
}

/** A generated program without what makes it unsuitable: of its steps the records with a key, in order of time. */
export function tamed({ name, config = {}, program, steps }: Program): Program {
  const records = steps.filter(({ pipe, key }) => pipe !== undefined && typeof key === "string");
  const times = records.map(time).toSorted((one, other) => one - other);
  const kept = Object.entries(config).filter(([word]) => !forbiddenConfigs.includes(word));
  return withGlobalsFirst({
    name,
    config: Object.fromEntries(kept),
    program,
    steps: records.map((step, index) => ({ ...step, ts: times[index] ?? 0 })),
  });
}

function isForbidden(st: JsonObject): boolean {
  if (forbiddenOperators.includes(asText(st["op"]))) return true;
  if (forbiddenFields.some((name) => st[name] !== undefined)) return true;
  const { kind, every } = asObject(st["processor"]);
  return kind === "clock" || kind === "route" || every !== undefined;
}

const keyChanges = ["map", "selectKey", "flatMap"];
const keepsOrder = ["filter", "filterNot", "mapValues", "flatMapValues", "peek", "repartition"];

/** A sink right below a change of keys: which record of a key is its last goes by the order between partitions. */
function writesOthersKeys(st: JsonObject, program: readonly JsonObject[]): boolean {
  if (st["op"] !== "to") return false;
  let above = aboveOf(st, program).at(0);
  while (above !== undefined && keepsOrder.includes(asText(above["op"])))
    above = aboveOf(above, program).at(0);
  return above !== undefined && keyChanges.includes(asText(above["op"]));
}

/**
 * Behind a change of keys records of several partitions meet: which of them is late, and what text they are joined to,
 * goes by the order between those.
 */
function meetsOthers(st: JsonObject, program: readonly JsonObject[]): boolean {
  const isText = st["fn"] !== undefined && aggregates.includes(asText(st["op"]));
  return (needsOrder(st) || (isText && !isSum(st["fn"]))) && isBelowKeyChange(st, program);
}

const drops = ["join", "filter", "filterNot", "flatMap", "flatMapValues"];

/**
 * A join that looks by the wall clock for records without a match does so as a record comes to it. Where what stands above
 * it drops records, the last one of a task may not come, and what had left before is luck.
 */
function waitsBehindDrops(st: JsonObject, program: readonly JsonObject[]): boolean {
  const waits = ["leftJoin", "outerJoin"].includes(asText(st["op"])) && st["window"] !== undefined;
  return waits && isBelowDrop(st, program);
}

function isBelowDrop(st: JsonObject, program: readonly JsonObject[]): boolean {
  return aboveOf(st, program).some(
    (above) => drops.includes(asText(above["op"])) || isBelowDrop(above, program),
  );
}

const aggregates = ["aggregate", "reduce", "cogroup"];
const sums = ["sum", "sumLength", "count", "max", "min"];

function isSum(fn: Json | undefined): boolean {
  return typeof fn === "string" && sums.includes(fn);
}

function isBelowKeyChange(st: JsonObject, program: readonly JsonObject[]): boolean {
  return aboveOf(st, program).some(
    (above) =>
      [...keyChanges, "groupBy"].includes(asText(above["op"])) ||
      above["foreignKey"] !== undefined ||
      isBelowKeyChange(above, program),
  );
}

/** The statements that feed one. */
function aboveOf(
  { on, with: other }: JsonObject,
  program: readonly JsonObject[],
): readonly JsonObject[] {
  const names = [on, other].filter((name) => name !== undefined);
  return program.filter((one) => bindsOf(one).some((name) => names.includes(name)));
}

/** The handles that a statement binds. */
function bindsOf({ let: own, branches = [], default: rest }: JsonObject): readonly Json[] {
  const parts = [...asList(branches), rest ?? null];
  const names = [own, ...parts.map((part) => asObject(part)["let"])];
  return names.filter((name) => name !== undefined);
}

/** What goes by stream time. */
function needsOrder(st: JsonObject): boolean {
  const { type, kind } = asObject(st["store"]);
  const words: readonly (Json | undefined)[] = [st["op"], st["kind"], type, kind];
  return (
    st["window"] !== undefined ||
    st["grace"] !== undefined ||
    ["suppress", "versioned", "window", "session"].some((word) => words.includes(word))
  );
}

function isOrdered(steps: readonly JsonObject[]): boolean {
  return steps.every((step, index) => index === 0 || time(steps[index - 1]) <= time(step));
}

function time(step: JsonObject): number {
  return Number(step["ts"]);
}
