import type { KafkaClient } from "@millrace/client";
import type { OffsetAndMetadata } from "@millrace/cluster";
import { expect, test } from "vitest";

import { ReplayProgress } from "./replay-progress.ts";

const { signal } = new AbortController();
const at = (offset: number) => ({ topic: "letters", partition: 0, offset });
const letter = (offset: number) => ({
  ...at(offset),
  timestamp: 0,
  key: null,
  value: null,
  headers: [],
});

function read(...committed: readonly OffsetAndMetadata[]): Promise<ReplayProgress> {
  const admin = { groupOffsets: () => Promise.resolve(committed) };
  return ReplayProgress.read({ admin } as unknown as KafkaClient, "group", signal);
}

test("letters that were replayed singly are told beside the offset, until it has passed them", async () => {
  const progress = await read({ ...at(5), metadata: "millrace replayed 3 8-10" });
  expect([4, 5, 8, 10, 11].filter((offset) => progress.has(at(offset)))).toEqual([4, 8, 10]);
  expect(progress.add([11, 6, 3].map(letter))).toEqual([
    { ...at(5), metadata: "millrace replayed 6 8-11" },
  ]);
  expect(progress.advance([at(9)])).toEqual([{ ...at(9), metadata: "millrace replayed 9-11" }]);
  expect(progress.advance([at(12)])).toEqual([{ ...at(12), metadata: "" }]);
});

test("text beside the offset that somebody else has written says nothing", async () => {
  const progress = await read({ ...at(5), metadata: "8-10" });
  expect(progress.has(at(8))).toBe(false);
});

test("more than can be told beside an offset is refused", async () => {
  const progress = await read();
  const many = Array.from({ length: 1000 }, (_, index) => letter(10_000 + 2 * index));
  expect(() => progress.add(many)).toThrow(/letters-0: .*without --letter/);
});
