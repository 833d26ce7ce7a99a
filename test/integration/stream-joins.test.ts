import { encodeUtf8, noHeaders, partitionForKey } from "@millrace/model";
import { string } from "@millrace/serde";
import { StreamsBuilder, type Topology } from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { TestWorld } from "./world/test-world.ts";

let world: TestWorld;
const partitionCount = 2;

beforeEach(async () => {
  world = await TestWorld.start({ orders: partitionCount, payments: partitionCount, results: 1 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const text = { key: string(), value: string() };

function joined(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("orders", text)
    .selectKey((_, key) => key, { key: string() })
    .outerJoin(builder.stream("payments", text), (order, payment) => `${order}+${payment}`, {
      within: ["-10ms", "0ms"],
      value: string(),
    })
    .to("results");
  return builder.build();
}

async function write(
  topic: string,
  ...records: readonly (readonly [key: string, value: string, timestamp: number])[]
): Promise<void> {
  const writer = world.client.openWriter({});
  await writer.prepare([topic]);
  for (const [name, value, timestamp] of records) {
    const key = encodeUtf8(name);
    writer
      .partition(topic, partitionForKey(key, partitionCount))
      .append(timestamp, key, encodeUtf8(value), noHeaders);
  }
  await writer.flush();
  await writer.close();
}

const results = (): Promise<readonly string[]> => world.readTexts("results");

describe.each(["exactly_once", "at_least_once"] as const)("%s", (processingGuarantee) => {
  test.each([
    ["on its own state", "/s", "/s"],
    ["on another machine, from the changelogs", "/s", "/other"],
  ])(
    "a join goes on after a restart %s: what waited meets, or leaves with null, once",
    async (_, firstState, secondState) => {
      const options = { processingGuarantee, commitInterval: 20 } as const;
      const app = await world.app(joined(), { ...options, stateDirectory: firstState });
      await write("orders", ["a", "met", 1000], ["b", "alone", 1000], ["c", "done", 1000]);
      await write("payments", ["c", "paid", 1000]);
      await expect.poll(results, { timeout: 20_000 }).toEqual(["done+paid"]);
      await app.close();
      await world.app(joined(), { ...options, stateDirectory: secondState });
      await write("payments", ["a", "late", 995]);
      await expect.poll(results, { timeout: 20_000 }).toContain("met+late");
      // Time goes on in each partition; what waits is looked at once a second.
      let now = 9000;
      const nextResults = async (): Promise<readonly string[]> => {
        now += 1;
        await write("orders", ...["x", "y", "z", "u"].map((key) => [key, "-", now] as const));
        return (await results()).filter((result) => !result.startsWith("-"));
      };
      await expect
        .poll(nextResults, { timeout: 20_000, interval: 200 })
        .toEqual(["done+paid", "met+late", "alone+null"]);
    },
    60_000,
  );
});
