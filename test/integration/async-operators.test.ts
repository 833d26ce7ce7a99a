import { int64AsNumber, string } from "@millrace/serde";
import { StreamsBuilder, type AsyncOptions, type Topology } from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { CoreTime } from "../crash/core-time.ts";
import { TestWorld } from "./world/test-world.ts";

const partitionCount = 4;
const text = { key: string(), value: string() };
type Mapper = (value: string, signal: AbortSignal) => Promise<string>;

let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start({ lines: partitionCount, answers: partitionCount, dead: 1 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

function asking(
  mapper: Mapper,
  options: AsyncOptions<Uint8Array | null, string, string> = {},
): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { value: string() })
    .mapValuesAsync((value, _key, { signal }) => mapper(value, signal), {
      ...options,
      value: string(),
    })
    .to("answers");
  return builder.build();
}

function linesOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `line-${index}`);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

async function answers(): Promise<readonly string[]> {
  return [...(await world.readTexts("answers"))].toSorted();
}

describe.each(["exactly_once", "at_least_once"] as const)("%s", (processingGuarantee) => {
  test("what is under way when an application closes is asked for again by the next one", async () => {
    const lines = linesOf(40);
    let hangingCount = 0;
    const hangs: Mapper = () => {
      hangingCount += 1;
      return new Promise(() => {});
    };
    const hanging = await world.app(asking(hangs), { processingGuarantee });
    await world.produce("lines", lines);
    await expect.poll(() => hangingCount).toBe(lines.length);
    await sleep(200); // some commits, with all that is under way
    await hanging.close();
    expect(await answers()).toEqual([]);
    const asked: string[] = [];
    await world.app(
      asking(async (value) => {
        asked.push(value);
        return value;
      }),
      { processingGuarantee },
    );
    await expect.poll(answers, { timeout: 10_000 }).toEqual([...lines].toSorted());
    expect([...asked].toSorted()).toEqual([...lines].toSorted());
  });

  test("a process that dies leaves what was under way to the next one", async () => {
    const lines = linesOf(200);
    const builder = (): Topology => {
      const program = new StreamsBuilder();
      program
        .stream("lines", { value: string() })
        .mapValuesAsync(
          async (value) => {
            await sleep(Math.random() * 40);
            return value;
          },
          { name: "ask", value: string() },
        )
        .groupBy((value) => value, text)
        .count({ store: "counts" })
        .toStream()
        .to("answers", { key: string(), value: int64AsNumber() });
      return program.build();
    };
    const first = world.process();
    await world.app(builder(), { processingGuarantee, stateDirectory: "/state" }, first);
    await world.produce("lines", lines);
    await expect.poll(async () => (await world.read("answers")).length).toBeGreaterThan(10);
    first.die();
    await world.app(builder(), { processingGuarantee, stateDirectory: "/state" });
    const counts = async (): Promise<ReadonlyMap<string | null, number>> => {
      const table = new Map<string | null, number>();
      for (const { key, value } of await world.read("answers"))
        table.set(key, value === null ? 0 : int64AsNumber().deserialize(value, "answers"));
      return table;
    };
    await expect.poll(async () => (await counts()).size, { timeout: 20_000 }).toBe(lines.length);
    if (processingGuarantee === "exactly_once")
      expect(new Set((await counts()).values())).toEqual(new Set([1]));
  });
});

test("a result wakes the loop: nobody waits for the next look at the inputs", async () => {
  const builder = asking(async (value) => {
    await sleep(2);
    return value;
  });
  await world.app(builder, { commitInterval: 5 });
  const lines = linesOf(20);
  const startMs = performance.now();
  for (const [index, line] of lines.entries()) {
    await world.produce("lines", [line]);
    const isThere = async () => (await answers()).length > index;
    while (!(await isThere())) await sleep(1);
  }
  // A loop that looks for results between two waits alone would take 100 ms for each.
  expect(performance.now() - startMs).toBeLessThan(20 * 90);
});

test("calls that hang hold the inputs back, and closing does not wait for them", async () => {
  let asked = 0;
  const reasons: unknown[] = [];
  const hanging: Mapper = (_value, signal) => {
    asked += 1;
    signal.addEventListener("abort", () => reasons.push(signal.reason));
    return new Promise(() => {});
  };
  const app = await world.app(asking(hanging, { concurrency: 5 }), {});
  await world.produce("lines", linesOf(5000));
  await expect.poll(() => asked).toBe(partitionCount * 5);
  await sleep(200);
  expect(asked).toBe(partitionCount * 5);
  const startMs = performance.now();
  await app.close();
  expect(performance.now() - startMs).toBeLessThan(2000);
  expect(reasons).toHaveLength(partitionCount * 5);
  expect(reasons[0]).toMatchObject({ code: "TASK_CLOSED" });
});

test("what is given up goes to dead letters, and is logged once a minute", async () => {
  const owner = world.process();
  const refusing: Mapper = async (value) => {
    if (value.endsWith("3")) throw new Error("refused");
    return value;
  };
  const topology = asking(refusing, {
    retry: { attempts: 3, backoff: { from: "1ms", to: "2ms" } },
    onGiveUp: "deadLetter",
  });
  await world.app(topology, { deadLetterTopic: "dead" }, owner);
  const lines = linesOf(100);
  await world.produce("lines", lines);
  const isRefused = (line: string) => line.endsWith("3");
  const dead = async () => [...(await world.readTexts("dead"))].toSorted();
  await expect.poll(dead, { timeout: 10_000 }).toEqual(lines.filter(isRefused).toSorted());
  const kept = lines.filter((line) => !isRefused(line)).toSorted();
  await expect.poll(answers, { timeout: 10_000 }).toEqual(kept);
  const logged = owner.events.filter(({ name }) => name === "streams.async-given-up");
  expect(logged.length).toBeGreaterThan(0);
  expect(logged.length).toBeLessThanOrEqual(partitionCount);
  const sum = (wanted: string) =>
    owner.platform.metrics
      .snapshot()
      .filter(({ name }) => name === wanted)
      .reduce((total, { value }) => total + value, 0);
  expect([sum("async-given-up-total"), sum("async-retries-total")]).toEqual([10, 20]);
});

test("a call that fails for good ends the application with its place", async () => {
  const app = await world.app(
    asking(async (value) => {
      throw new Error(`no ${value}`);
    }),
    {},
  );
  await world.produce("lines", ["x"]);
  await expect(app.closed).rejects.toMatchObject({
    code: "PROCESSING_FAILED",
    message: expect.stringContaining("lines-0 at offset 0"),
    cause: { message: "no x" },
  });
});

// Of one task 10,000 are possible. What other programs have the cores for does not count.
test.each([
  ["none", 1],
  ["key", 4],
  ["partition", 4],
] as const)(
  "moves 5,000 records a second with calls of 10 ms, order %s, %i tasks",
  async (order, tasks) => {
    const count = 20_000;
    await world.createTopics({ inputs: tasks });
    let delivered = 0;
    const builder = new StreamsBuilder();
    builder
      .stream("inputs", { value: string() })
      .mapValuesAsync(
        async (value) => {
          await sleep(10);
          return value;
        },
        { concurrency: 100, order, value: string() },
      )
      .peek(() => {
        delivered += 1;
      })
      .to("answers");
    const lines = linesOf(count);
    await world.produce("inputs", lines);
    const coreTime = new CoreTime(process.pid);
    const startMs = Date.now();
    const patience = { sessionTimeout: "10s", transactionTimeout: "1m" } as const;
    await world.app(builder.build(), { commitInterval: 100, ...patience });
    await expect.poll(() => delivered, { timeout: 60_000, interval: 5 }).toBe(count);
    const endMs = Date.now();
    const ownMs = coreTime.ownMsUntil(endMs);
    coreTime.stop();
    const [perSecond, ofOwnTime] = [endMs - startMs, ownMs].map((ms) =>
      Math.round((count / ms) * 1000),
    );
    console.log(`order ${order}, ${tasks} tasks: ${perSecond} records/s, ${ofOwnTime} of own time`);
    expect(ofOwnTime).toBeGreaterThan(5000);
    await expect.poll(answers).toEqual([...lines].toSorted());
  },
  90_000,
);
