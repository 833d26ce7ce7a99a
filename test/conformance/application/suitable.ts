import { unsupportedNeed } from "../needs.ts";
import type { JudgedProgram } from "../oracle.ts";
import { asObject, asText, type Json, type JsonObject, type Program } from "../program.ts";
import { inputOf } from "./placed-program.ts";

const forbiddenConfigs = [
  "onDeserializationError",
  "onProcessingError",
  "onProductionError",
  "deadLetterTopic",
  "explicitNames",
];

/** Global tables have no order with the tasks; `addReadOnlyStore` takes a topic as its changelog. */
const forbiddenOperators = ["globalTable", "globalStore", "addReadOnlyStore"];
const forbiddenFields = ["pattern", "topicFrom"];

/**
 * Whether a program may have one result alone, whatever restarts and the order between partitions do: no planned error,
 * nothing left out, no wall clock, no timers, and no late records where lateness counts. Whether it has is found by running it.
 */
export function isSuitable({ program: judged, outcome }: JudgedProgram): boolean {
  const { config = {}, program, steps } = judged;
  if (unsupportedNeed(judged) !== undefined) return false;
  if (outcome.error !== undefined || outcome.metrics?.["dropped-records-total"] !== 0) return false;
  if (outcome.steps?.some(({ error }) => error !== undefined)) return false;
  if (forbiddenConfigs.some((name) => config[name] !== undefined)) return false;
  if (steps.some((step) => step["advanceWallClock"] !== undefined)) return false;
  if (program.some(isForbidden) || program.some((st) => writesOthersKeys(st, program)))
    return false;
  return !program.some(needsOrder) || isOrdered(inputOf(judged));
}

/** A generated program without what makes it unsuitable: of its steps the records with a key, in order of time. */
export function tamed({ name, config = {}, program, steps }: Program): Program {
  const records = steps.filter(({ pipe, key }) => pipe !== undefined && typeof key === "string");
  const times = records.map(time).toSorted((one, other) => one - other);
  const kept = Object.entries(config).filter(([word]) => !forbiddenConfigs.includes(word));
  return {
    name,
    config: Object.fromEntries(kept),
    program,
    steps: records.map((step, index) => ({ ...step, ts: times[index] ?? 0 })),
  };
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
  let above = program.find((one) => one["let"] === st["on"]);
  while (above !== undefined && keepsOrder.includes(asText(above["op"]))) {
    const { on } = above;
    above = program.find((one) => one["let"] === on);
  }
  return above !== undefined && keyChanges.includes(asText(above["op"]));
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
