import { describe, expect, test } from "vitest";

import { callingAllCaughtUp } from "../planted/broken-assignments.ts";
import { keysPerPartition, tellRebalance } from "./rebalance-story.ts";

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const seeds = isVerify ? Array.from({ length: 20 }, (_, index) => index + 1) : [1];

describe.each(seeds)("one of three instances leaves and returns, seed %i", (seed) => {
  test("with standbys: who stays is not stopped, and who moves goes on at once", async () => {
    const figures = await tellRebalance({ seed, numStandbyReplicas: 1 });
    console.log("with standbys", figures);
    expect(figures.movedTasks).toBeGreaterThan(0);
    expect(figures.stayedPauseMs).toBeLessThan(100);
    expect(figures.movedPauseMs).toBeLessThan(1_000);
    expect(figures.isEachCounted).toBe(true);
  });

  test("without: a restore stops nobody", async () => {
    const figures = await tellRebalance({ seed, numStandbyReplicas: 0, isInMemory: true });
    console.log("without standbys", figures);
    expect(figures.movedTasks).toBeGreaterThan(0);
    expect(figures.restoredAfterLeaving).toBeGreaterThan(0);
    expect(figures.stayedPauseMs).toBeLessThan(100);
    expect(figures.isEachCounted).toBe(true);
  });

  const warming = { seed, numStandbyReplicas: 0, isInMemory: true, acceptableRecoveryLag: 0 };

  test.runIf(isVerify)(
    "a task goes to who comes back once a copy there is ready, which restores next to nothing",
    async () => {
      const figures = await tellRebalance(warming);
      console.log("with warm-ups", figures);
      expect(figures.returnedTasks).toBeGreaterThan(0);
      expect(figures.restoredAfterReturning).toBeLessThan(keysPerPartition / 4);
      expect(figures.isEachCounted).toBe(true);
    },
  );

  test.runIf(isVerify)("a warm-up that is called ready too early is found by that", async () => {
    using _planted = callingAllCaughtUp();
    const { restoredAfterReturning } = await tellRebalance(warming);
    expect(restoredAfterReturning).toBeGreaterThan(keysPerPartition / 4);
  });
});
