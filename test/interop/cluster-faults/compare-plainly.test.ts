import { encodeUtf8 } from "@millrace/model";
import { expect, test } from "vitest";

import { differences } from "./compare-plainly.ts";
import type { ReadRecord } from "./read-records.ts";
import type { Topics } from "./read-topics.ts";

const text = (key: string, value: string, timestamp = 0): ReadRecord => ({
  key,
  value: encodeUtf8(value),
  timestamp,
});

function long(count: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(count));
  return bytes;
}

const counted = (word: string, start: number, count: number): ReadRecord => ({
  key: word + Buffer.from(long(start)).toString("latin1"),
  value: long(count),
  timestamp: 0,
});
const tick = (key: string, count: number): ReadRecord => ({
  key,
  value: long(count),
  timestamp: 0,
});

/** What a program without a fault writes. */
const right: Topics = {
  left: [text("k1", "ada:0", 100), text("k1", "ada:1", 9_900), text("k2", "ada:2", 10_100)],
  right: [text("k1", "r0", 400), text("k2", "r1", 20_000)],
  table: [text("k1", "t1"), text("k2", "t2")],
  counts: [counted("ada", 0, 1), counted("ada", 0, 2), counted("ada", 10_000, 1)],
  joined: [text("k1", "ada:0-r0")],
  enriched: [text("k1", "ada:0-t1"), text("k1", "ada:1-t1"), text("k2", "ada:2-t2")],
  ticks: [tick("k1", 1), tick("k2", 1)],
  pending: [tick("k2", 1), text("k2", ""), tick("k1", 7), tick("k1", 1)],
};

test("outputs of a plain computation are no different", () => {
  expect(differences(right)).toEqual([]);
});

const twice = <T>([first, ...rest]: readonly T[]): readonly T[] => [first, first, ...rest];

test.each([
  ["counts", twice(right.counts), /"ada.* has 1 after 1/],
  ["counts", right.counts.slice(1), /"ada.* has 2 after 0/],
  ["counts", right.counts.slice(0, -1), /"ada.* is undefined, not 1/],
  ["joined", twice(right.joined), /"k1 ada:0-r0" is 2, not 1/],
  ["joined", [], /"k1 ada:0-r0" is undefined, not 1/],
  ["joined", [...right.joined, text("k2", "ada:2-r1")], /"k2 ada:2-r1" is 1, not undefined/],
  ["enriched", twice(right.enriched), /"k1 ada:0-t1" is 2, not 1/],
  ["enriched", right.enriched.slice(1), /"k1 ada:0-t1" is undefined, not 1/],
  ["ticks", twice(right.ticks), /"k1" is 3, not 2/],
  ["ticks", right.ticks.slice(1), /"k1" is 1, not 2/],
  ["ticks", [...right.ticks, tick("k3", 1)], /"k3" is 1, not undefined/],
] as const)("what is wrong in %s is told (%#)", (topic, records, message) => {
  const [told] = differences({ ...right, [topic]: records });
  expect(told).toMatch(new RegExp(`^${topic}: `));
  expect(told).toMatch(message);
});
