import { encodeUtf8, noHeaders } from "@millrace/model";
import { int64AsNumber, string } from "@millrace/serde";
import { StreamsBuilder } from "@millrace/streams";
import { afterEach, beforeEach, expect, test } from "vitest";

import { eventually } from "./world/eventually.ts";
import { TestWorld } from "./world/test-world.ts";

/** A thread that another takes the place of, in a folder whose state is older than the group's. */
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start({ lines: 1, counts: 1 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const decoded = (value: Uint8Array) => int64AsNumber().deserialize(value, "counts");
const key = encodeUtf8("all");

/** Counts what it is given, while it may. */
function counting(isFailing: () => boolean) {
  const builder = new StreamsBuilder();
  const counts = builder
    .stream("lines", { key: string(), value: string() })
    .peek(() => {
      if (isFailing()) throw new Error("it has enough");
    })
    .groupByKey()
    .count({ store: "counts" });
  counts.toStream().to("counts", { key: string(), value: int64AsNumber() });
  return { counts, topology: builder.build() };
}

test("a replaced thread that gets back a task which others went on with lacks nothing, and keeps nothing old", async () => {
  let isFailing = false;
  const failing = counting(() => isFailing);
  const given = { cacheBytesMax: 0 };
  const process = world.process();
  const app = await world.app(
    failing.topology,
    {
      ...given,
      stateDirectory: "/one",
      // It is cut off until the other one has gone on: else the task would come back at once.
      onUncaughtError: () => {
        process.disconnect();
        return "replaceThread";
      },
    },
    process,
  );
  const produced = async (count: number): Promise<void> => {
    const writer = world.client.openWriter({});
    await writer.prepare(["lines"]);
    for (let index = 0; index < count; index++)
      writer.partition("lines", 0).append(1000, key, encodeUtf8("x"), noHeaders);
    await writer.flush();
    await writer.close();
  };
  const countIn = (one: typeof app) => one.store(failing.counts, { timeout: 200 }).get("all");
  await produced(5);
  await eventually(() => countIn(app).catch(() => null)).toBe(5);

  isFailing = true;
  await produced(1);
  await eventually(() => process.has("streams.thread-failed")).toBe(true);
  const { topology } = counting(() => false);
  const other = await world.app(topology, { ...given, stateDirectory: "/other" });
  await eventually(() => countIn(other).catch(() => null)).toBe(6);
  await produced(4);
  await eventually(() => countIn(other).catch(() => null)).toBe(10);
  isFailing = false;
  process.reconnect();
  await other.close();
  await produced(1);
  await eventually(() => countIn(app).catch(() => null)).toBe(11);
  expect(app.state).toBe("running");
  const told = async () => (await world.read("counts")).map(({ value }) => value && decoded(value));
  await eventually(told).toEqual(Array.from({ length: 11 }, (_, index) => index + 1));
});
