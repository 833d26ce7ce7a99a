import { double, int64AsNumber, string } from "@millrace/serde";
import { keyValueStore } from "@millrace/state";
import { StreamRecord, StreamsBuilder, type Topology } from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { holdThread } from "./world/hold-thread.ts";
import { TestWorld } from "./world/test-world.ts";
import { linesOf } from "./world/word-count.ts";

const partitionCount = 4;
const text = { key: string(), value: string() };

let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start({ lines: partitionCount, copies: 1 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

/** Counts in a store how often a timer has fired, without any input. */
function countingTimer(interval: number): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { value: string() })
    .process({
      stores: { fired: keyValueStore({ name: "fired", key: string(), value: int64AsNumber() }) },
      output: text,
      init({ schedule, fired, forward, taskId }) {
        schedule(interval, "wallClockTime", (now) => {
          const count = (fired.get("count") ?? 0) + 1;
          fired.put("count", count);
          forward(new StreamRecord(String(taskId.partition), `${count}@${now}`, now));
        });
      },
      process: () => {},
    })
    .to("copies");
  return builder.build();
}

async function firingsOf(partition: number): Promise<readonly (readonly [number, number])[]> {
  const records = (await world.read("copies")).filter(({ key }) => key === String(partition));
  return records.map(({ value }) => {
    const [count, now] = String.fromCharCode(...(value ?? [])).split("@");
    return [Number(count), Number(now)] as const;
  });
}

describe.each(["exactly_once", "at_least_once"] as const)("%s", (processingGuarantee) => {
  test("timers fire while nothing comes in, and what they write is committed, also their stores", async () => {
    const app = await world.app(countingTimer(20), { processingGuarantee });
    await expect
      .poll(async () => (await firingsOf(1)).length, { timeout: 10_000 })
      .toBeGreaterThan(3);
    await app.close();
    const before = await firingsOf(1);
    expect(before.map(([count]) => count)).toEqual(before.map((_, index) => index + 1));
    const again = await world.app(countingTimer(20), { processingGuarantee });
    await expect
      .poll(async () => (await firingsOf(1)).length, { timeout: 10_000 })
      .toBeGreaterThan(before.length);
    await again.close();
    // The store was restored from its changelog: the count goes on.
    const after = await firingsOf(1);
    expect(after.map(([count]) => count)).toEqual(after.map((_, index) => index + 1));
  });

  test("a processor's request commits before the interval is over", async () => {
    const builder = new StreamsBuilder();
    builder
      .stream("lines", { value: string() })
      .process({
        process(record, { forward, commit }) {
          forward(record);
          if (record.value.startsWith("commit")) commit();
        },
      })
      .to("copies");
    await world.app(builder.build(), {
      processingGuarantee,
      commitInterval: "5m",
      transactionTimeout: "10m",
    });
    await world.produce("lines", ["wait"]);
    await world.produce("lines", ["commit"]);
    await expect.poll(() => world.readTexts("copies"), { timeout: 10_000 }).toContain("commit");
  });
});

test("timers are called in the waiting time, when they are due", async () => {
  await world.app(countingTimer(15), {});
  // A loop that looked for timers between two waits alone would come every 100 ms.
  const shortestGap = async (): Promise<number> => {
    const times = (await firingsOf(0)).map(([, now]) => now);
    return Math.min(...times.slice(1).map((now, index) => now - times[index]));
  };
  await expect.poll(shortestGap, { timeout: 10_000 }).toBeLessThan(60);
});

test("slow timers and a backlog of slow records get on beside each other, within the group", async () => {
  const busyMs = 25;
  let fired = 0;
  let taken = 0;
  let inTurn = 0;
  let inTurnMax = 0;
  const ticker = setInterval(() => {
    inTurnMax = Math.max(inTurnMax, inTurn);
    inTurn = 0;
  }, 1);
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { value: string() })
    .process({
      init: ({ schedule }) =>
        void schedule(1, "wallClockTime", () => {
          fired += 1;
          inTurn += 1;
          holdThread(busyMs);
        }),
      process(record, { forward }) {
        taken += 1;
        inTurn += 1;
        holdThread(busyMs);
        forward(record);
      },
    })
    .to("copies");
  await world.produce("lines", linesOf(500));
  const process = world.process();
  await world.app(builder.build(), { commitInterval: 100 }, process);
  await expect.poll(() => Math.min(fired, taken), { timeout: 15_000 }).toBeGreaterThan(40);
  clearInterval(ticker);
  expect(process.events.filter(({ name }) => name === "streams.tasks-assigned")).toHaveLength(1);
  expect(inTurnMax).toBeLessThanOrEqual(4);
});

test("a timer that throws ends the application with the name of its node", async () => {
  const builder = new StreamsBuilder();
  builder.stream("lines", { value: double() }).process(
    {
      init: ({ schedule }) =>
        void schedule(10, "wallClockTime", () => {
          throw new RangeError("asked to");
        }),
      process: () => {},
    },
    { name: "ticker" },
  );
  const app = await world.app(builder.build(), {});
  await expect(app.closed).rejects.toMatchObject({
    code: "PROCESSING_FAILED",
    node: "ticker",
    message: expect.stringContaining("a timer failed: asked to"),
  });
});
