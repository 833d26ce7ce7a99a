import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";
import { inTurns } from "./in-turns.ts";

/** Each takes a millisecond; how many were done when others had their turn. */
async function turnsOf(count: number, isStopped = false) {
  const { timers } = memoryPlatform();
  const stop = new AbortController();
  const turns: number[] = [];
  let doneCount = 0;
  const platform = {
    clock: { monotonicMs: () => doneCount, wallMs: () => 0 },
    timers: {
      ...timers,
      yield: () => {
        turns.push(doneCount);
        if (isStopped) stop.abort();
        return Promise.resolve();
      },
    },
  };
  const items = Array.from({ length: count }, (_, item) => item);
  await inTurns(platform, items, { act: () => void doneCount++, signal: stop.signal });
  return { turns, doneCount };
}

test("many partitions are looked after some milliseconds at a time", async () => {
  expect(await turnsOf(12)).toEqual({ turns: [5, 10], doneCount: 12 });
});

test("a broker that closes does not wait until all partitions are looked after", async () => {
  expect(await turnsOf(1000, true)).toEqual({ turns: [5], doneCount: 5 });
});
