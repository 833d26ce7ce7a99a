import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";

import { RecoveryBudget } from "./recovery-budget.ts";

const never = new AbortController().signal;
const away = new Error("the broker is away");

test("the first attempt comes at once, the next ones after pauses, the last within the time", async () => {
  const platform = memoryPlatform();
  const budget = new RecoveryBudget(platform, 60_000);
  const attemptsMs: number[] = [];
  const startMs = platform.clock.monotonicMs();
  const work = async () => {
    for (;;) {
      await budget.pause(away, never);
      attemptsMs.push(platform.clock.monotonicMs() - startMs);
    }
  };
  await expect(platform.until(work())).rejects.toBe(away);
  expect(attemptsMs[0]).toBe(0);
  expect(attemptsMs[1]).toBeGreaterThan(50);
  expect(attemptsMs.length).toBeLessThan(30);
  expect(attemptsMs.at(-1)).toBeGreaterThan(55_000);
});

test("success gives the whole time back", async () => {
  const platform = memoryPlatform();
  const budget = new RecoveryBudget(platform, 1000);
  await platform.until(budget.pause(away, never));
  await platform.advance(5000);
  budget.reset();
  expect(budget.isUsed).toBe(false);
  await platform.until(budget.pause(away, never));
  expect(budget.isUsed).toBe(true);
});

test("a stop ends the pause", async () => {
  const platform = memoryPlatform();
  const budget = new RecoveryBudget(platform, 60_000);
  const stop = new AbortController();
  await platform.until(budget.pause(away, stop.signal));
  const pause = budget.pause(away, stop.signal);
  stop.abort(new Error("stopped"));
  await expect(pause).rejects.toThrow("stopped");
});

test("only a commit of what was lost gives the time back, or nothing left of it", async () => {
  const platform = memoryPlatform();
  const budget = new RecoveryBudget(platform, 1000);
  const at = (partition: number, offset: number) => ({ topic: "in", partition, offset });
  budget.lost([at(0, 10), at(1, 20)]);
  await platform.until(budget.pause(away, never));
  budget.committed([at(0, 10)]);
  budget.committed([at(1, 19)]);
  budget.committed([]);
  expect(budget.isUsed).toBe(true);
  await platform.advance(1500);
  await expect(platform.until(budget.pause(away, never))).rejects.toBe(away);
  budget.committed([at(1, 20)]);
  expect(budget.isUsed).toBe(false);
  budget.lost([at(0, 30), at(1, 20)]);
  await platform.until(budget.pause(away, never));
  budget.keepOnly(new Set(["in-0"])); // the other is somebody else's now
  budget.committed([at(0, 30)]);
  expect(budget.isUsed).toBe(false);
});
