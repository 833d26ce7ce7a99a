import { recordsOf, type Everything, type Line } from "../everything.ts";
import { resultsTopic } from "../topics.ts";
import { closingKey } from "./simulated-program.ts";
import type { Contents } from "./window-contents.ts";

/** True: no line is later than that, by the time of those before it. */
export function isInTime(lines: readonly Line[], lateMsMax: number): boolean {
  let time = -1;
  for (const { timestamp } of lines) {
    if (timestamp < time - lateMsMax) return false;
    time = Math.max(time, timestamp);
  }
  return true;
}

/** Each final result is there, once, with all that belongs to it. */
export function judgeFinals(everything: Everything, expected: Contents): readonly string[] {
  const problems: string[] = [];
  const told = new Set<string>();
  for (const { key, value } of judged(everything)) {
    if (told.has(key)) problems.push(`${key} is told twice`);
    told.add(key);
    const ids = expected.get(key);
    if (ids !== "any" && setOf(idsIn(value)) !== setOf(ids ?? []))
      problems.push(`${key} is [${value}], not [${ids?.join(" ") ?? "nothing"}]`);
  }
  for (const [key, ids] of expected)
    if (ids !== "any" && !told.has(key)) problems.push(`${key} is not told: [${ids.join(" ")}]`);
  return problems;
}

/** The last result of each key is whole, and none before it was there twice. Merged sessions are gone. */
export function judgeGrowth(everything: Everything, expected: Contents): readonly string[] {
  const problems: string[] = [];
  const last = new Map<string, readonly string[]>();
  for (const { key, value } of judged(everything)) {
    const before = last.get(key);
    const ids = value === "gone" ? [] : idsIn(value);
    if (before !== undefined && ids.length > 0 && !includesMore(ids, before))
      problems.push(`${key} was [${before.join(" ")}], and then [${value}]`);
    last.set(key, ids);
  }
  for (const key of new Set([...last.keys(), ...expected.keys()])) {
    const ids = expected.get(key) ?? [];
    if (ids !== "any" && setOf(last.get(key) ?? []) !== setOf(ids))
      problems.push(`${key} is [${last.get(key)?.join(" ") ?? ""}], not [${ids.join(" ")}]`);
  }
  return problems;
}

/** Each of these results is there once, and no other. */
export function judgeOnce(
  everything: Everything,
  expected: readonly string[],
  topic: string = resultsTopic,
): readonly string[] {
  const counts = new Map<string, number>();
  for (const { value } of recordsOf(everything, topic))
    counts.set(value, (counts.get(value) ?? 0) + 1);
  const problems: string[] = [];
  for (const result of expected) if (!counts.has(result)) problems.push(`${result} is not told`);
  const known = new Set(expected);
  for (const [result, count] of counts) {
    if (!known.has(result)) problems.push(`${result} is told, and is wrong`);
    if (count > 1) problems.push(`${result} is told ${count} times`);
  }
  return problems;
}

/** The last result of each key is that of the table; what a key does not have is null. */
export function judgeTable(
  everything: Everything,
  expected: ReadonlyMap<string, string>,
  isJudged: (key: string) => boolean = () => true,
): readonly string[] {
  const last = lastResults(everything);
  const problems: string[] = [];
  for (const key of new Set([...last.keys(), ...expected.keys()])) {
    const wanted = expected.get(key) ?? "null";
    if (isJudged(key) && (last.get(key) ?? "null") !== wanted)
      problems.push(`${key} is ${last.get(key) ?? "null"}, not ${wanted}`);
  }
  return problems;
}

export function lastResults(everything: Everything): ReadonlyMap<string, string> {
  return new Map(recordsOf(everything, resultsTopic).map(({ key, value }) => [key, value]));
}

function judged(everything: Everything) {
  return recordsOf(everything, resultsTopic).filter(({ key }) => !key.startsWith(closingKey));
}

function idsIn(value: string): readonly string[] {
  return value.split(" ").filter((id) => id !== "");
}

/** Lines of one window may come in another order than that of their times. */
function setOf(ids: readonly string[]): string {
  return ids.toSorted().join(" ");
}

function includesMore(ids: readonly string[], before: readonly string[]): boolean {
  const all = new Set(ids);
  return ids.length > before.length && before.every((id) => all.has(id));
}
