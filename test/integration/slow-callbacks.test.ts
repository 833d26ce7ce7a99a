import { string } from "@millrace/serde";
import { StreamsBuilder, type StreamsApp, type Topology } from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { holdThread } from "./world/hold-thread.ts";
import { TestWorld } from "./world/test-world.ts";
import { linesOf } from "./world/word-count.ts";

/** Callbacks that keep the thread far longer than a slice: the member stays, and gets on. */
const callbackMs = 25;
const partitionCount = 8;

let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start({ lines: partitionCount, copies: partitionCount });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

/** Copies lines slowly; tells of each. */
function slowCopy(onLine: () => void): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { value: string() })
    .peek(() => {
      onLine();
      holdThread(callbackMs);
    })
    .to("copies");
  return builder.build();
}

async function committed(): Promise<readonly number[]> {
  const partitions = Array.from({ length: partitionCount }, (_, partition) => ({
    topic: "lines",
    partition,
  }));
  const membership = world.client.openMembership({
    groupId: "app",
    assignors: [],
    topics: () => [],
  });
  const offsets = await membership.committed(partitions);
  await membership.close();
  return partitions.map(
    ({ partition }) => offsets.find((one) => one.partition === partition)?.offset ?? 0,
  );
}

describe.each(["exactly_once", "at_least_once"] as const)("%s", (processingGuarantee) => {
  test("a backlog of slow records is worked off in turns, with heartbeats and commits in between", async () => {
    let taken = 0;
    let takenInTurn = 0;
    let takenInTurnMax = 0;
    const ticker = setInterval(() => {
      takenInTurnMax = Math.max(takenInTurnMax, taken - takenInTurn);
      takenInTurn = taken;
    }, 1);
    await world.produce("lines", linesOf(300 * partitionCount));
    const process = world.process();
    const app: StreamsApp = await world.app(
      slowCopy(() => taken++),
      { stateDirectory: "/s", processingGuarantee, commitInterval: 100 },
      process,
    );
    const { memberId } = app;
    await expect.poll(() => taken, { timeout: 10_000 }).toBeGreaterThan(80);
    await expect.poll(async () => Math.min(...(await committed()))).toBeGreaterThan(4);
    clearInterval(ticker);
    expect(app.memberId).toBe(memberId);
    expect(process.events.filter(({ name }) => name === "streams.tasks-assigned")).toHaveLength(1);
    // A turn of the event loop may see two slices: the tick is due within one, and comes after the next.
    expect(takenInTurnMax).toBeLessThanOrEqual(3);
  });
});

test("what a cache has held back is forwarded in turns, too", async () => {
  const keys = 60;
  const builder = new StreamsBuilder();
  let taken = 0;
  builder
    .stream("lines", { value: string() })
    .groupBy((line) => String(Number(line.split("-")[1]) % keys), {
      key: string(),
      value: string(),
    })
    .count({ store: "counts" })
    .toStream()
    .peek(() => {
      taken += 1;
      holdThread(callbackMs);
    })
    .mapValues(String)
    .to("copies", { key: string(), value: string() });
  await world.produce("lines", linesOf(10 * keys));
  const process = world.process();
  const options = { stateDirectory: "/s", commitInterval: 2000, transactionTimeout: 20_000 };
  await world.app(builder.build(), options, process);
  let beats = 0;
  let before = 0;
  let takenInTurnMax = 0;
  const ticker = setInterval(() => {
    beats += 1;
    takenInTurnMax = Math.max(takenInTurnMax, taken - before);
    before = taken;
  }, 1);
  const counted = async () => {
    const last = new Map((await world.read("copies")).map(({ key, value }) => [key, value]));
    return [...last.values()].reduce(
      (sum, value) => sum + Number(String.fromCharCode(...(value ?? []))),
      0,
    );
  };
  await expect.poll(counted, { timeout: 15_000, interval: 200 }).toBe(10 * keys);
  clearInterval(ticker);
  expect(process.events.filter(({ name }) => name === "streams.tasks-assigned")).toHaveLength(1);
  expect(takenInTurnMax).toBeLessThanOrEqual(3);
  expect(beats).toBeGreaterThan(30);
});

test.each([{ commitInterval: 0 }, { slice: 0 }])("%j gives way to other work", async (options) => {
  await world.produce("lines", linesOf(20));
  const app = await world.app(
    slowCopy(() => {}),
    { stateDirectory: "/s", ...options },
  );
  const ticks = await countTicks(300);
  await expect.poll(() => world.readTexts("copies"), { timeout: 10_000 }).toHaveLength(20);
  expect(ticks).toBeGreaterThan(3);
  expect(app.state).toBe("running");
});

/** How often a timer comes to its turn in this time. */
async function countTicks(durationMs: number): Promise<number> {
  const endMs = performance.now() + durationMs;
  let ticks = 0;
  while (performance.now() < endMs) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    ticks += 1;
  }
  return ticks;
}
