import type { Everything } from "../everything.ts";
import { isSame, type History } from "../history.ts";
import { StandingRecords } from "./standing-records.ts";

/** I13: a second recovery finds what the first one left; compaction goes on between them. */
export function checkRecovery(history: History, first: Everything, second: Everything): void {
  for (const [name, before] of first) {
    const after = new StandingRecords(name, second.get(name)?.records ?? []);
    const isFound = before.records.every((record) => {
      const now = after.at(record.offset);
      return now === undefined ? after.isSuperseded(record) : isSame(record, now);
    });
    const known = new Set(before.records.map(({ offset }) => offset));
    const isNoOther = second
      .get(name)
      ?.records.every(({ offset }) => offset >= before.end || known.has(offset));
    if (!isFound || isNoOther !== true)
      history.violate("I13", `${name} is another one after a second recovery`);
  }
}
