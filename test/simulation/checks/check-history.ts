import { topicPartitionName } from "@millrace/model";

import { isSame, textOf, type Attempt, type History, type SeenRecord } from "../history.ts";
import type { SwarmOptions } from "../swarm.ts";
import type { WholePartition } from "../processes/read-everything.ts";
import {
  countsTopic,
  echoesTopic,
  linesTopic,
  partitionCount,
  repartitionTopic,
  ticksTopic,
  wordsOf,
} from "../topology.ts";

export type Everything = ReadonlyMap<string, WholePartition>;

const nothing: WholePartition = { start: 0, end: 0, records: [] };

/** What is judged at the end, from all that a reader can see then. */
export function checkHistory(
  history: History,
  everything: Everything,
  options: Pick<SwarmOptions, "askMs">,
): void {
  checkOffsets(history, everything);
  checkAttempts(history, everything);
  checkOrder(history, everything);
  checkCounts(history, everything);
  checkTicks(history, everything);
  if (options.askMs > 0) checkEchoes(history, everything);
  checkCommitted(history, everything);
}

/** I3: offsets strictly increase. I7: what was read once is there still. */
function checkOffsets(history: History, everything: Everything): void {
  for (const [name, { start, records }] of everything) {
    const there = new Map<number, SeenRecord>();
    let last = -1;
    for (const record of records) {
      if (record.offset <= last) history.violate("I3", `${name}: ${record.offset} after ${last}`);
      last = record.offset;
      there.set(record.offset, record);
    }
    for (const [offset, before] of history.seen(name)) {
      if (offset < start) continue;
      const now = there.get(offset);
      if (now === undefined)
        history.violate("I7", `${name}@${offset} was ${textOf(before)}, is gone`);
      else if (!isSame(before, now))
        history.violate("I3", `${name}@${offset} was ${textOf(before)}, is ${textOf(now)}`);
    }
  }
}

/** I1, I2, I5: what became of each attempt. */
function checkAttempts(history: History, everything: Everything): void {
  const copies = new Map<string, number>();
  const texts = new Map<string, string>();
  for (const { key, value } of recordsOf(everything, linesTopic)) {
    copies.set(key, (copies.get(key) ?? 0) + 1);
    texts.set(key, value);
  }
  for (const attempt of history.attempts) {
    const { id, outcome, lines, kind } = attempt;
    for (const line of lines) {
      const count = copies.get(line.id) ?? 0;
      if (count > 1) history.violate("I2", `line ${line.id} is there ${count} times`);
      if (count > 0 && texts.get(line.id) !== line.text)
        history.violate("I3", `line ${line.id} is "${texts.get(line.id)}", not "${line.text}"`);
    }
    const present = lines.filter((line) => copies.has(line.id)).length;
    if (outcome === "acked" && present < lines.length)
      history.violate("I1", `${lines.length - present} of ${lines.length} lines of ${id} are lost`);
    if (outcome === "aborted" && present > 0)
      history.violate("I5", `${present} lines of ${id} are seen, which was aborted`);
    if (outcome === "unknown" && kind === "transactional" && !isAllOrNone(attempt, present))
      history.violate("I5", `${present} of ${lines.length} lines of transaction ${id} are seen`);
  }
}

function isAllOrNone({ lines }: Attempt, present: number): boolean {
  return present === 0 || present === lines.length;
}

/** I4: within a partition, the lines of one writer stand in the order in which it sent them. */
function checkOrder(history: History, everything: Everything): void {
  const rank = new Map<string, { readonly writer: number; readonly rank: number }>();
  for (const { writer, lines } of history.attempts)
    for (const { id } of lines) rank.set(id, { writer, rank: rank.size });
  for (let partition = 0; partition < partitionCount; partition++) {
    const last = new Map<number, number>();
    for (const { key } of wholeOf(everything, linesTopic, partition).records) {
      const own = rank.get(key);
      if (own === undefined) continue;
      if (own.rank < (last.get(own.writer) ?? -1))
        history.violate("I4", `line ${key} stands after a later one of its writer`);
      last.set(own.writer, own.rank);
    }
  }
}

/** I9: the counts are those of a plain computation, and each is told once. */
function checkCounts(history: History, everything: Everything): void {
  const expected = countWords(recordsOf(everything, linesTopic));
  const last = new Map<string, number>();
  for (const { key, value } of recordsOf(everything, countsTopic)) {
    const count = Number(value);
    if (count <= (last.get(key) ?? 0))
      history.violate("I9", `${key} was counted ${last.get(key)}, and then ${count}`);
    last.set(key, count);
  }
  for (const word of new Set([...expected.keys(), ...last.keys()]))
    if (expected.get(word) !== last.get(word))
      history.violate(
        "I9",
        `${word} is counted ${last.get(word)} times, it occurs ${expected.get(word)} times`,
      );
}

/** I9: a task's timer tells each count once, one after the other, whoever has the task. */
function checkTicks(history: History, everything: Everything): void {
  const last = new Map<string, number>();
  for (const { key, value } of recordsOf(everything, ticksTopic)) {
    const before = last.get(key) ?? 0;
    if (Number(value) !== before + 1)
      history.violate("I9", `the timer of partition ${key} told ${before}, and then ${value}`);
    last.set(key, Number(value));
  }
}

/** I9: each line is echoed once, and those of a partition in their order, whoever has asked for them. */
function checkEchoes(history: History, everything: Everything): void {
  const echoed = new Set<string>();
  for (let partition = 0; partition < partitionCount; partition++) {
    const last = new Map<string, number>();
    for (const { value } of wholeOf(everything, echoesTopic, partition).records) {
      const [origin, offset] = value.split("@");
      if (echoed.has(value)) history.violate("I9", `line ${value} is echoed twice`);
      if (Number(offset) < (last.get(origin) ?? -1))
        history.violate("I9", `line ${value} is echoed after ${origin}@${last.get(origin)}`);
      echoed.add(value);
      last.set(origin, Number(offset));
    }
  }
  const missing = placesOf(everything).find((place) => !echoed.has(place));
  if (missing !== undefined) history.violate("I9", `line ${missing} is not echoed`);
}

/** Of all lines, as an echo tells it. */
export function placesOf(everything: Everything): readonly string[] {
  return Array.from({ length: partitionCount }, (_, partition) =>
    wholeOf(everything, linesTopic, partition).records.map(
      ({ offset }) => `${partition}@${offset}`,
    ),
  ).flat();
}

/** I8: once an input offset was committed, the words of all lines before it had been passed on. */
function checkCommitted(history: History, everything: Everything): void {
  const whole = Array.from({ length: partitionCount }, (_, partition) =>
    wholeOf(everything, repartitionTopic, partition),
  );
  // Where the repartition topic was purged its beginning is not known any more.
  if (whole.some(({ start }) => start > 0)) return;
  for (const { partition, offset, repartitionEnds } of history.commits) {
    if (repartitionEnds.length < partitionCount) continue; // not known yet to whoever asked
    const lines = wholeOf(everything, linesTopic, partition).records;
    const read = countWords(lines.filter((line) => line.offset < offset));
    const passedOn = countWords(
      whole.flatMap(({ records }, index) =>
        records.filter((record) => record.offset < (repartitionEnds[index] ?? 0)),
      ),
    );
    for (const [word, count] of read)
      if ((passedOn.get(word) ?? 0) < count)
        history.violate(
          "I8",
          `${linesTopic}-${partition} was committed up to ${offset}: ${count} times ${word}, ${passedOn.get(word) ?? 0} were passed on`,
        );
  }
}

export function countWords(records: readonly SeenRecord[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { value } of records)
    for (const word of wordsOf(value)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

export function recordsOf(everything: Everything, topic: string): readonly SeenRecord[] {
  return Array.from(
    { length: partitionCount },
    (_, partition) => wholeOf(everything, topic, partition).records,
  ).flat();
}

export function wholeOf(everything: Everything, topic: string, partition: number): WholePartition {
  return everything.get(topicPartitionName(topic, partition)) ?? nothing;
}
