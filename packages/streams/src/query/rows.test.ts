import { memoryPlatform } from "@millrace/platform/memory";
import { describe, expect, it } from "vitest";

import { AnsweringTurns } from "./answering-turns.ts";
import type { AnswerRow } from "./question.ts";
import { Rows } from "./rows.ts";
import { StoreReader, type StoreReaderParts } from "./store-reader.ts";

/** Rows of a partition that is here, each of which takes so long to decode; and the longest turn that they took. */
function rowsThatTake(decodeMs: number, signal = new AbortController().signal) {
  const { clock, timers, until } = memoryPlatform();
  const told = { decoded: 0, longest: 0 };
  let spentMs = 0;
  let sinceMs = 0;
  const platform = {
    clock: { ...clock, monotonicMs: () => clock.monotonicMs() + spentMs },
    timers: {
      ...timers,
      yield: () => {
        told.longest = Math.max(told.longest, spentMs - sinceMs);
        sinceMs = spentMs;
        return timers.yield();
      },
    },
  };
  const row: AnswerRow = {
    key: Uint8Array.of(1),
    value: Uint8Array.of(2),
    timestamp: 1,
    headers: [],
  };
  const head = { isStandby: false, position: {}, changelogOffsets: {} };
  const parts = {
    store: { specification: { name: "counts" }, subtopology: {} },
    asker: { here: async () => ({ head, rows: Array.from({ length: 40 }, () => row) }) },
    closing: new AbortController().signal,
    platform,
    turns: new AnsweringTurns(platform),
  } as unknown as StoreReaderParts; // as much of them as is asked for
  const settings = { timeout: 100, isLocal: false, standbys: false, signal };
  const rows = new Rows({
    reader: new StoreReader(parts, settings as unknown as StoreReader["settings"]),
    partition: async () => 3,
    question: async () => ({ kind: "count" }),
    decode: () => {
      spentMs += decodeMs;
      return (told.decoded += 1);
    },
  });
  return { rows, told, until };
}

describe("a large answer", () => {
  it("is decoded in turns that are no longer than their share, of all that are under way", async () => {
    const { rows, told, until } = rowsThatTake(1);
    const [first, second] = await until(Promise.all([rows.toArray(), rows.toArray()]));
    expect([first.length, second.length, told.decoded]).toEqual([40, 40, 80]);
    expect(told.longest).toBe(6);
  });

  it("is not decoded any more once its query has ended", async () => {
    const enough = new Error("enough");
    const ends = new AbortController();
    const { rows, told, until } = rowsThatTake(10, ends.signal);
    const failure = until(rows.toArray().catch((error: unknown) => error));
    ends.abort(enough);
    expect(await failure).toBe(enough);
    expect(told.decoded).toBeLessThan(40);
  });
});
