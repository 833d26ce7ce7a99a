import { decodeUtf8 } from "@millrace/model";

import { flushName } from "./load.ts";
import { joinMs, windowMs } from "./program.ts";
import type { ReadRecord } from "./read-records.ts";
import type { Topics } from "./read-topics.ts";

const namedMax = 10;

/** How the outputs differ from what a plain computation makes of the inputs as they stand in their topics. */
export function differences(topics: Topics): readonly string[] {
  const { counts, joined, enriched } = topics;
  return [
    ...differentCounts(topics, counts),
    ...differentLists("joined", joinedOf(topics), textsOf(joined)),
    ...differentLists("enriched", enrichedOf(topics), textsOf(enriched)),
    ...differentTicks(topics),
  ];
}

/** Each count of a window must be one more than the one before, and the last one that of the words. */
function differentCounts({ left }: Topics, counts: readonly ReadRecord[]): readonly string[] {
  const found = new Map<string, number>();
  const wrong: string[] = [];
  for (const { key, value } of counts) {
    const before = found.get(key) ?? 0;
    const count = numberOf(value);
    if (count !== before + 1) wrong.push(`counts: ${printable(key)} has ${count} after ${before}`);
    found.set(key, count);
  }
  const expected = tally(left.map(({ value, timestamp }) => windowOf(wordOf(value), timestamp)));
  return [...few(wrong), ...differentTallies("counts", expected, found)];
}

function joinedOf({ left, right }: Topics): readonly string[] {
  const others = Map.groupBy(right, ({ key }) => key);
  return left.flatMap(({ key, value, timestamp }) =>
    (others.get(key) ?? [])
      .filter((one) => Math.abs(one.timestamp - timestamp) <= joinMs)
      .map((one) => `${key} ${decodeUtf8(value)}-${decodeUtf8(one.value)}`),
  );
}

function enrichedOf({ left, table }: Topics): readonly string[] {
  const rows = new Map(table.map(({ key, value }) => [key, decodeUtf8(value)]));
  return left.flatMap(({ key, value }) => {
    const row = rows.get(key);
    return row === undefined ? [] : [`${key} ${decodeUtf8(value)}-${row}`];
  });
}

/** What the timers have told, and have yet to tell, adds up to all records; what let them out in the end is not looked at. */
function differentTicks({ left, ticks, pending }: Topics): readonly string[] {
  const found = new Map<string, number>();
  const waiting = new Map(pending.map(({ key, value }) => [key, value]));
  for (const { key, value } of [...ticks, ...[...waiting].map(([key, value]) => ({ key, value }))])
    if (value.length > 0) found.set(key, (found.get(key) ?? 0) + numberOf(value));
  const expected = tally(left.map(({ key }) => key));
  for (const key of expected.keys())
    if (key.startsWith(flushName)) {
      expected.delete(key);
      found.delete(key);
    }
  return differentTallies("ticks", expected, found);
}

function differentTallies(
  topic: string,
  expected: ReadonlyMap<string, number>,
  found: ReadonlyMap<string, number>,
): readonly string[] {
  const keys = new Set([...expected.keys(), ...found.keys()]);
  return few(
    [...keys]
      .filter((key) => expected.get(key) !== found.get(key))
      .map((key) => `${topic}: ${printable(key)} is ${found.get(key)}, not ${expected.get(key)}`),
  );
}

function differentLists(
  topic: string,
  expected: readonly string[],
  found: readonly string[],
): readonly string[] {
  return differentTallies(topic, tally(expected), tally(found));
}

function few(all: readonly string[]): readonly string[] {
  if (all.length <= namedMax) return all;
  return [...all.slice(0, namedMax), `and ${all.length - namedMax} more like that`];
}

function tally(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function textsOf(records: readonly ReadRecord[]): readonly string[] {
  return records.map(({ key, value }) => `${key} ${decodeUtf8(value)}`);
}

function wordOf(value: Uint8Array): string {
  return decodeUtf8(value).split(":")[0];
}

/** A windowed key's bytes: the key's, then where the window starts. */
function windowOf(word: string, timestamp: number): string {
  const start = Buffer.alloc(8);
  start.writeBigInt64BE(BigInt(timestamp - (timestamp % windowMs)));
  return word + start.toString("latin1");
}

function numberOf(value: Uint8Array): number {
  return Number(new DataView(value.buffer, value.byteOffset).getBigInt64(0));
}

function printable(key: string): string {
  return JSON.stringify(key);
}
