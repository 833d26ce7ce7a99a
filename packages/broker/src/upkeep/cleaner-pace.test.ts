import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";
import { CleanerPace } from "./cleaner-pace.ts";

const { signal } = new AbortController();

/** A clock that work moves on, and what others had of its time. */
function world(bytesPerSecond = Number.POSITIVE_INFINITY) {
  const { clock, timers } = memoryPlatform();
  const state = { nowMs: 0, yields: 0, sleptMs: 0 };
  const time = {
    clock: { ...clock, wallMs: () => 0, monotonicMs: () => state.nowMs },
    timers: {
      ...timers,
      after: timers.after.bind(timers),
      yield: () => {
        state.yields++;
        return Promise.resolve();
      },
      sleep: (delayMs: number) => {
        state.sleptMs += delayMs;
        state.nowMs += delayMs;
        return Promise.resolve();
      },
    },
  };
  const pace = new CleanerPace(time, () => bytesPerSecond);
  const slice = (tookMs: number, bytes = 65_536) => {
    state.nowMs += tookMs;
    return pace.rest(bytes, signal);
  };
  return { state, slice };
}

test("a compaction leaves others half of the time, and a turn after each slice", async () => {
  const { state, slice } = world();
  for (let count = 0; count < 40; count++) await slice(0.25);
  expect(state).toEqual({ nowMs: 20, yields: 30, sleptMs: 10 });
});

test("it does not rest for all that a slice took on a machine that is busy with others", async () => {
  const { state, slice } = world();
  await slice(400);
  expect(state.sleptMs).toBe(10);
});

test("it rests longer where its bytes per second are bounded", async () => {
  const { state, slice } = world(1_000_000);
  await slice(5, 100_000);
  expect(state.sleptMs).toBe(100);
});
