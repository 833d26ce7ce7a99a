import { isDeepStrictEqual } from "node:util";

import type { Outcome, OutcomeRecord, OutcomeStep } from "./program.ts";

/** A part of an outcome that must be equal, by where it stands. */
type Facts = ReadonlyMap<string, unknown>;

export interface Difference {
  readonly where: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** What differs between two outcomes, by FORMAT.md's "Must be equal"; an empty list: they are equal. */
export function differences(expected: Outcome, actual: Outcome): readonly Difference[] {
  const wanted = factsOf(expected);
  const given = factsOf(actual);
  return [...new Set([...wanted.keys(), ...given.keys()])].flatMap((where) => {
    const left = wanted.get(where);
    const right = given.get(where);
    return isDeepStrictEqual(left, right) ? [] : [{ where, expected: left, actual: right }];
  });
}

function factsOf(outcome: Outcome): Facts {
  const facts = new Map<string, unknown>();
  if (outcome.error !== undefined && outcome.error.phase !== "run")
    return facts.set("error before the run", outcome.error.class);
  facts.set("error", outcome.error?.class);
  facts.set("badProgram", outcome.badProgram);
  facts.set("unsupported", outcome.unsupported);
  facts.set("describe", outcome.describe);
  facts.set("subtopologies", plain(outcome.subtopologies));
  facts.set("metrics", plain(outcome.metrics));
  (outcome.steps ?? []).forEach((step, index) => addStep(facts, step, `step ${index}`));
  for (const [name, store] of Object.entries(outcome.stores ?? {}))
    facts.set(`store ${name}`, withoutReadable(store));
  return facts;
}

function addStep(facts: Map<string, unknown>, step: OutcomeStep, where: string): void {
  facts.set(`${where} error`, step.error?.class);
  const hasFailed = step.error !== undefined;
  const records = (step.out ?? []).filter((record) => !hasFailed || isDeadLetter(record));
  for (const [topic, list] of byTopic(records)) facts.set(`${where} ${topic}`, list);
  if (hasFailed) return;
  facts.set(`${where} dropped`, step.dropped ?? 0);
  facts.set(`${where} result`, plain(step.result));
}

/** Records of different topics may be interleaved in any way. */
function byTopic(records: readonly OutcomeRecord[]): ReadonlyMap<string, unknown[]> {
  const topics = new Map<string, unknown[]>();
  for (const record of records) {
    const { topic, key, value, ts } = record;
    const headers = (record.headers ?? []).map(([name, header]) =>
      header === "*" ? [name, null] : [name, [header]],
    );
    const list = topics.get(topic);
    const fact = { key, value, ts, headers };
    if (list === undefined) topics.set(topic, [fact]);
    else list.push(fact);
  }
  return topics;
}

function isDeadLetter(record: OutcomeRecord): boolean {
  return (record.headers ?? []).some(([name]) => name.startsWith("__streams.errors."));
}

interface StoreContents {
  readonly kind: string;
  readonly entries?: readonly Readonly<Record<string, unknown>>[];
}

/** The readable form of entries may be left out. */
export function withoutReadable(store: unknown): unknown {
  const { entries, ...rest } = plain(store) as StoreContents;
  const readable = rest.kind === "versioned" ? ["k", "v"] : ["k", "v", "ts"];
  return {
    ...rest,
    entries: (entries ?? []).map((entry) =>
      Object.fromEntries(Object.entries(entry).filter(([field]) => !readable.includes(field))),
    ),
  };
}

/** As it is after having been written and read: no undefined fields. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}
