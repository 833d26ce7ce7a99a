import { idOf, recordsOf, wholeOf, partitions, type Everything } from "../everything.ts";
import { isSame, textOf, type Attempt, type History } from "../history.ts";
import { inputTopics, isCompacted } from "../topics.ts";
import { StandingRecords } from "./standing-records.ts";

/** What is judged at the end, whatever the application does, from all that a reader can see then. */
export function checkHistory(history: History, everything: Everything): void {
  checkOffsets(history, everything);
  checkAttempts(history, everything);
  checkOrder(history, everything);
}

/** I3: offsets strictly increase. I5: compaction makes nothing aborted seen. I7: what was read once is there still; I12: or, where it is compacted, a later one of its key. */
function checkOffsets(history: History, everything: Everything): void {
  for (const [name, { start, records }] of everything) {
    const standing = new StandingRecords(name, records);
    let last = -1;
    for (const record of records) {
      if (record.offset <= last) history.violate("I3", `${name}: ${record.offset} after ${last}`);
      last = record.offset;
      if (record.offset < history.keptEnd(name) && !history.kept(name).has(record.offset))
        history.violate("I5", `${name}@${record.offset} is ${textOf(record)} since a compaction`);
    }
    for (const [offset, before] of history.seen(name)) {
      if (offset < start) continue;
      const now = standing.at(offset);
      if (now === undefined) {
        if (!standing.isSuperseded(before))
          history.violate(
            isCompacted(name) ? "I12" : "I7",
            `${name}@${offset} was ${textOf(before)}, is gone`,
          );
      } else if (!isSame(before, now))
        history.violate("I3", `${name}@${offset} was ${textOf(before)}, is ${textOf(now)}`);
    }
  }
}

/** I1, I2, I5: what became of each attempt. */
function checkAttempts(history: History, everything: Everything): void {
  const copies = new Map<string, number>();
  const texts = new Map<string, string>();
  for (const { value } of inputTopics.flatMap((topic) => recordsOf(everything, topic))) {
    const id = idOf(value);
    copies.set(id, (copies.get(id) ?? 0) + 1);
    texts.set(id, value);
  }
  for (const attempt of history.attempts) {
    const { id, outcome, lines, kind } = attempt;
    for (const line of lines) {
      const count = copies.get(line.id) ?? 0;
      if (count > 1) history.violate("I2", `line ${line.id} is there ${count} times`);
      if (count > 0 && texts.get(line.id) !== line.value)
        history.violate("I3", `line ${line.id} is "${texts.get(line.id)}", not "${line.value}"`);
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
  for (const topic of inputTopics)
    for (const partition of partitions) {
      const last = new Map<number, number>();
      for (const { value } of wholeOf(everything, topic, partition).records) {
        const id = idOf(value);
        const own = rank.get(id);
        if (own === undefined) continue;
        if (own.rank < (last.get(own.writer) ?? -1))
          history.violate("I4", `line ${id} stands after a later one of its writer`);
        last.set(own.writer, own.rank);
      }
    }
}
