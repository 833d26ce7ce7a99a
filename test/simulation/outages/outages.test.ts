import { describe, expect, test } from "vitest";

import { OutageWorld, type Instance } from "./outage-world.ts";

/** What lasts for minutes, in virtual time: the application goes on where it was, or ends by an error that says why. */
const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const seeds = isVerify ? [1, 2, 3, 4, 5] : [1];
const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const yearMs = 365 * 24 * 60 * minuteMs;
/** `taskTimeout`, by default. */
const taskTimeoutMs = 5 * minuteMs;
/** From when all is counted until each instance takes part again: a session, and what it takes to join. */
const backMsMax = 15 * secondMs;

interface Scene {
  readonly world: OutageWorld;
  readonly instances: readonly [Instance, Instance];
}

async function away({ world }: Scene, durationMs: number): Promise<void> {
  world.broker.kill();
  await world.simulator.advance(durationMs);
  await world.restartBroker();
}

/** Whatever is done in them, nobody fails, and all is counted once. */
const survived: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  "a broker that is gone for four minutes": (scene) => away(scene, 4 * minuteMs),

  "a broker that comes and goes, twenty times": async (scene) => {
    for (let turn = 0; turn < 20; turn++) {
      await away(scene, 3 * secondMs);
      await scene.world.simulator.advance(2 * secondMs);
    }
  },

  "a broker that stands still for four minutes": async ({ world }) => {
    world.broker.pause();
    await world.simulator.advance(4 * minuteMs);
    world.broker.resume();
  },

  "a network that swallows all for four minutes": async ({ world: { simulator } }) => {
    for (const name of ["app-a", "app-b"]) simulator.partition(name, "broker");
    await simulator.advance(4 * minuteMs);
    for (const name of ["app-a", "app-b"]) simulator.mend(name, "broker");
  },

  "instances that stand still for a minute, in turns": async ({ world, instances }) => {
    for (const { process } of [...instances, ...instances]) {
      process.pause();
      await world.simulator.advance(minuteMs);
      process.resume();
      await world.simulator.advance(10 * secondMs);
    }
  },

  "clocks that jump by an hour and by ten years": async ({ world, instances }) => {
    for (const jumpMs of [60 * minuteMs, -60 * minuteMs, 10 * yearMs, -10 * yearMs])
      for (const process of [world.broker, ...instances.map((one) => one.process)]) {
        process.jumpClock(jumpMs);
        await world.simulator.advance(5 * secondMs);
      }
  },

  "members that come and go each second, for a minute": async ({ world }) => {
    const beginMs = world.simulator.nowMs;
    for (let turn = 0; turn < 30; turn++) {
      const { app } = await world.start(`member-${turn}`);
      await world.simulator.advance(secondMs);
      await world.until(app.close());
      await world.simulator.advance(secondMs);
    }
    // The others go on meanwhile: no stretch of ten seconds is without a word.
    const times = [beginMs, ...world.countedMs.filter((atMs) => atMs > beginMs)];
    const pauses = times.slice(1).map((atMs, index) => atMs - times[index]);
    expect(Math.max(...pauses)).toBeLessThan(10 * secondMs);
  },
};

describe.each(seeds)("seed %i", (seed) => {
  async function begin(): Promise<Scene> {
    const world = await OutageWorld.begin(seed);
    await world.until(world.write(200));
    const instances = [await world.start("app-a"), await world.start("app-b")] as const;
    return { world, instances };
  }

  test.each(Object.entries(survived).slice(0, isVerify ? undefined : 1))(
    "%s: the application goes on, and all is counted once",
    async (_, outage) => {
      const scene = await begin();
      const { world, instances } = scene;
      const stop = { isOver: false };
      const writing = world.writeUntil(() => stop.isOver);
      await world.simulator.advance(2 * secondMs);
      await outage(scene);
      stop.isOver = true;
      await world.until(writing);
      expect(await world.wrongCounts()).toEqual([]);
      // One that the group has given up may be away when the others have counted all.
      for (let waitedMs = 0; waitedMs < backMsMax; waitedMs += secondMs)
        if (instances.some(({ app }) => app.state !== "running"))
          await world.simulator.advance(secondMs);
      for (const { failure, app } of instances) {
        expect(failure).toBeUndefined();
        expect(app.state).toBe("running");
      }
    },
    600_000,
  );

  test.runIf(isVerify)(
    "a broker that is gone for longer than taskTimeout ends it by name, and the next start goes on",
    async () => {
      const { world, instances } = await begin();
      expect(await world.wrongCounts()).toEqual([]);
      const counted = world.countedMs.length;
      await world.until(world.write(200));
      while (world.countedMs.length === counted) await world.simulator.advance(1);
      const beginMs = world.simulator.nowMs;
      world.broker.kill();
      await world.simulator.advance(taskTimeoutMs - secondMs);
      for (const { failure } of instances) expect(failure).toBeUndefined();
      await world.simulator.advance(2 * minuteMs);
      for (const { failure } of instances)
        expect(failure).toMatchObject({
          code: expect.stringMatching(/BROKER_UNREACHABLE|REQUEST_TIMED_OUT/),
        });
      expect(world.simulator.nowMs - beginMs).toBeLessThan(8 * minuteMs);
      await world.restartBroker();
      for (const { process } of instances) process.kill();
      await world.startAgain(instances[0]);
      expect(await world.wrongCounts()).toEqual([]);
    },
  );

  test.runIf(isVerify)(
    "a broker that is gone for ten minutes is nothing to one that has nothing to commit",
    async () => {
      const { world, instances } = await begin();
      expect(await world.wrongCounts()).toEqual([]);
      await away({ world, instances }, 10 * minuteMs);
      await world.until(world.write(200));
      expect(await world.wrongCounts()).toEqual([]);
      for (const { failure } of instances) expect(failure).toBeUndefined();
    },
  );
});
