import { memoryEngineProvider } from "@millrace/state";
import type { StreamsApp } from "@millrace/streams";
import { describe, expect, test } from "vitest";

import { allTasks, expectShared, tasksOf } from "./world/shared-tasks.ts";
import type { TestWorld } from "./world/test-world.ts";
import {
  expectCopiedOnce,
  expectCounted,
  expectUncommitted,
  linesOf,
  wordCount,
  wordTopics,
} from "./world/word-count.ts";
import { worldOfEachTest } from "./world/world-of-each-test.ts";

let world: TestWorld;
worldOfEachTest((own) => (world = own), wordTopics);

function counter(app: StreamsApp, name: string): number {
  return app
    .metrics()
    .filter((metric) => metric.name === name)
    .reduce((sum, { value }) => sum + Number(value), 0);
}

describe("instances of one application, exactly once", () => {
  test("share the tasks; one joins while records flow, one leaves, one dies", async () => {
    const lines = linesOf(3000);
    const first = await world.app(wordCount(), { stateDirectory: "/first" });
    expect(tasksOf(first)).toEqual(allTasks);
    await world.produce("lines", lines.slice(0, 1000));
    const mortal = world.process();
    const second = await world.app(
      wordCount(),
      { stateDirectory: "/second", closeTimeout: 200 },
      mortal,
    );
    await expectShared(first, second);
    const sessionTimeout = 20_000;
    const third = await world.app(wordCount(), { stateDirectory: "/third", sessionTimeout });
    await expectShared(first, second, third);
    await world.produce("lines", lines.slice(1000, 2000));
    const leftMs = performance.now();
    await third.close();
    await expectShared(first, second);
    expect(performance.now() - leftMs).toBeLessThan(sessionTimeout / 4);
    await world.produce("lines", lines.slice(2000));
    mortal.die();
    await expectShared(first);
    await expectCounted(world, lines);
    await expectCopiedOnce(world, lines);
  });

  test("one that was killed takes its own seat again and restores what is missing only", async () => {
    const lines = linesOf(2000);
    const mortal = world.process();
    const options = { sessionTimeout: 20_000 };
    const other = await world.app(wordCount(), { ...options, stateDirectory: "/other" });
    const victim = await world.app(
      wordCount(),
      { ...options, stateDirectory: "/victim", closeTimeout: 200 },
      mortal,
    );
    await expectShared(other, victim);
    await world.produce("lines", lines.slice(0, 1000));
    await expectCounted(world, lines.slice(0, 1000));
    const tasks = [...victim.tasks];
    mortal.die();
    await world.produce("lines", lines.slice(1000));
    const startMs = performance.now();
    const again = await world.app(wordCount(), { ...options, stateDirectory: "/victim" });
    expect(performance.now() - startMs).toBeLessThan(2000);
    expect(again.tasks).toEqual(tasks);
    await expectCounted(world, lines);
    await expectCopiedOnce(world, lines);
    expect(counter(again, "restore-records-total")).toBeLessThan(100);
    expect(tasksOf(other, again)).toEqual(allTasks);
  });

  test("one whose session ends in the middle of a transaction repeats nothing", async () => {
    const lines = linesOf(1000);
    const process = world.process();
    const options = {
      stateDirectory: "/state",
      sessionTimeout: 150,
      commitInterval: 600,
      transactionTimeout: 60_000,
    };
    const app = await world.app(wordCount(), options, process);
    await world.produce("lines", lines.slice(0, 8));
    await expectCounted(world, lines.slice(0, 8)); // a commit: the next one is further away
    await world.produce("lines", lines.slice(8));
    await expectUncommitted(world, "copies", lines.length);
    process.disconnect();
    // Where a busy machine lets the next commit come first, that one must not be repeated either.
    await expect
      .poll(() => app.state, { timeout: 550, interval: 5 })
      .toBe("rebalancing")
      .catch(() => {});
    process.reconnect();
    await expectCounted(world, lines);
    await expectCopiedOnce(world, lines);
  });

  test("dynamic members, with stores in memory, share and take over", async () => {
    const lines = linesOf(1500);
    const start = () => {
      const process = world.process();
      return world.app(wordCount(), {}, process, { engines: memoryEngineProvider() });
    };
    const first = await start();
    await world.produce("lines", lines.slice(0, 700));
    const second = await start();
    await expectShared(first, second);
    await world.produce("lines", lines.slice(700));
    await first.close();
    await expectShared(second);
    await expectCounted(world, lines);
    await expectCopiedOnce(world, lines);
  });
});

describe("instances of one application, at least once", () => {
  const options = { processingGuarantee: "at_least_once", commitInterval: 50 } as const;

  test("an orderly hand-over repeats nothing", async () => {
    const lines = linesOf(1500);
    const first = await world.app(wordCount(), { ...options, stateDirectory: "/first" });
    await world.produce("lines", lines.slice(0, 700));
    const second = await world.app(wordCount(), { ...options, stateDirectory: "/second" });
    await expectShared(first, second);
    await world.produce("lines", lines.slice(700));
    await first.close();
    await expectShared(second);
    await expectCounted(world, lines);
    await expectCopiedOnce(world, lines);
  });

  test("a death loses nothing", async () => {
    const lines = linesOf(1500);
    const mortal = world.process();
    const first = await world.app(wordCount(), { ...options, stateDirectory: "/first" });
    const second = await world.app(
      wordCount(),
      { ...options, stateDirectory: "/second", closeTimeout: 200 },
      mortal,
    );
    await expectShared(first, second);
    await world.produce("lines", lines);
    mortal.die();
    await expectShared(first);
    await expect
      .poll(async () => new Set(await world.readTexts("copies")).size, { timeout: 5000 })
      .toBe(1500);
  });
});
