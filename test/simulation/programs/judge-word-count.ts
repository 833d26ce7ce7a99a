import {
  linesOf,
  partitions,
  payloadOf,
  recordsOf,
  wholeOf,
  type Everything,
} from "../everything.ts";
import type { History, SeenRecord } from "../history.ts";
import type { SwarmOptions } from "../swarm.ts";
import { linesTopic, partitionCount } from "../topics.ts";
import {
  countsTopic,
  echoesTopic,
  ticksTopic,
  wordChangelogTopic,
  wordsOf,
  wordsTopic,
} from "./word-topics.ts";

export function judgeWordCount(
  everything: Everything,
  { askMs }: Pick<SwarmOptions, "askMs">,
): readonly string[] {
  return [
    ...judgeCounts(everything),
    ...judgeTicks(everything),
    ...(askMs > 0 ? judgeEchoes(everything) : []),
  ];
}

/** The counts are those of a plain computation, and each is told once. */
function judgeCounts(everything: Everything): readonly string[] {
  const problems: string[] = [];
  const expected = countWords(
    recordsOf(everything, linesTopic).map(({ value }) => payloadOf(value)),
  );
  const last = new Map<string, number>();
  for (const { key, value } of recordsOf(everything, countsTopic)) {
    const count = Number(value);
    if (count <= (last.get(key) ?? 0))
      problems.push(`${key} was counted ${last.get(key)}, and then ${count}`);
    last.set(key, count);
  }
  for (const word of new Set([...expected.keys(), ...last.keys()]))
    if (expected.get(word) !== last.get(word))
      problems.push(
        `${word} is counted ${last.get(word)} times, it occurs ${expected.get(word)} times`,
      );
  return problems;
}

/** A task's timer tells each count once, one after the other, whoever has the task. */
function judgeTicks(everything: Everything): readonly string[] {
  const problems: string[] = [];
  const last = new Map<string, number>();
  for (const { key, value } of recordsOf(everything, ticksTopic)) {
    const before = last.get(key) ?? 0;
    if (Number(value) !== before + 1)
      problems.push(`the timer of partition ${key} told ${before}, and then ${value}`);
    last.set(key, Number(value));
  }
  return problems;
}

/** Each line is echoed once, and those of a partition in their order, whoever has asked for them. */
function judgeEchoes(everything: Everything): readonly string[] {
  const problems: string[] = [];
  const echoed = new Set<string>();
  for (const partition of partitions) {
    const last = new Map<string, number>();
    for (const { value } of wholeOf(everything, echoesTopic, partition).records) {
      const [origin, offset] = value.split("@");
      if (echoed.has(value)) problems.push(`line ${value} is echoed twice`);
      if (Number(offset) < (last.get(origin) ?? -1))
        problems.push(`line ${value} is echoed after ${origin}@${last.get(origin)}`);
      echoed.add(value);
      last.set(origin, Number(offset));
    }
  }
  const missing = partitions
    .flatMap((partition) =>
      linesOf(everything, linesTopic, partition).map(({ offset }) => `${partition}@${offset}`),
    )
    .find((place) => !echoed.has(place));
  return missing === undefined ? problems : [...problems, `line ${missing} is not echoed`];
}

/**
 * I8: once an input offset was committed, the words of all lines before it had been passed on. I10: the changelog of the
 * counts is the fold of the words.
 */
export function checkWords(history: History, everything: Everything): void {
  checkChangelog(history, everything);
  const whole = partitions.map((partition) => wholeOf(everything, wordsTopic, partition));
  // Where the repartition topic was purged its beginning is not known any more.
  if (whole.some(({ start }) => start > 0)) return;
  for (const { partition, offset, ends } of history.commits) {
    const passedEnds = ends.get(wordsTopic) ?? [];
    if (passedEnds.length < partitionCount) continue; // not known yet to whoever asked
    const lines = wholeOf(everything, linesTopic, partition).records;
    const read = countWords(
      lines.filter((line) => line.offset < offset).map(({ value }) => payloadOf(value)),
    );
    const passedOn = countWords(
      whole.flatMap(({ records }, index) => valuesBelow(records, passedEnds[index] ?? 0)),
    );
    for (const [word, count] of read)
      if ((passedOn.get(word) ?? 0) < count)
        history.violate(
          "I8",
          `${linesTopic}-${partition} was committed up to ${offset}: ${count} times ${word}, ${passedOn.get(word) ?? 0} were passed on`,
        );
  }
}

function checkChangelog(history: History, everything: Everything): void {
  const folded = new Map<string, string>();
  for (const { key, value } of recordsOf(everything, wordChangelogTopic)) folded.set(key, value);
  const words = recordsOf(everything, wordsTopic).map(({ value }) => value);
  for (const [word, count] of countWords(words))
    if (folded.get(word) !== String(count))
      history.violate(
        "I10",
        `the changelog says ${word} ${folded.get(word)} times, the input ${count}`,
      );
}

function valuesBelow(records: readonly SeenRecord[], offset: number): readonly string[] {
  return records.filter((record) => record.offset < offset).map(({ value }) => value);
}

function countWords(texts: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts)
    for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
