import { ClusterError, type BatchWriter } from "@millrace/cluster";
import { int64AsNumber, string } from "@millrace/serde";
import { keyValueStore } from "@millrace/state";
import { StreamsBuilder, StreamRecord, type Topology } from "@millrace/streams";
import { afterEach, beforeEach, expect, test } from "vitest";

import { delegate, withWriters } from "../simulation/processes/observe-commits.ts";
import { TestWorld } from "./world/test-world.ts";

let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start({ lines: 1, numbered: 1 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

/** Passes each line on with its number, which is kept in a store. */
function numbering(onLine: (line: string) => void): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { value: string() })
    .process({
      stores: { seen: keyValueStore({ name: "seen", key: string(), value: int64AsNumber() }) },
      output: { key: string(), value: string() },
      process({ value, timestamp }, { seen, forward }) {
        const number = (seen.get("all") ?? 0) + 1;
        seen.put("all", number);
        onLine(value);
        forward(new StreamRecord("all", `${number} ${value}`, timestamp));
      },
    })
    .to("numbered");
  return builder.build();
}

/** Starts the program; the end of the first transaction waits for `end`. */
async function startWith(first: (commit: () => Promise<void>) => Promise<void>) {
  const processed: string[] = [];
  let begunCount = 0;
  const { promise: isReady, resolve: end } = Promise.withResolvers<void>();
  const holding = (writer: BatchWriter): BatchWriter =>
    delegate(writer, {
      commit: async (signal) => {
        begunCount += 1;
        if (begunCount > 1) return writer.commit(signal);
        await isReady;
        return first(() => writer.commit(signal));
      },
    });
  const app = await world.app(
    numbering((line) => processed.push(line)),
    { stateDirectory: "/s", transactionTimeout: 10_000 },
    world.process(),
    { clusterOf: (client) => withWriters(client, holding) },
  );
  await world.produce("lines", ["a"]);
  await expect.poll(() => begunCount).toBe(1);
  await world.produce("lines", ["b", "c"]);
  await expect.poll(() => processed).toEqual(["a", "b", "c"]);
  expect(begunCount).toBe(1);
  expect(await world.readTexts("numbered")).toEqual([]);
  return { app, end, processed };
}

const numbered = ["1 a", "2 b", "3 c"];

test("records are processed while a commit ends, and become visible with the next one", async () => {
  const { app, end, processed } = await startWith((commit) => commit());
  end();
  await expect.poll(() => world.readTexts("numbered")).toEqual(numbered);
  await app.close();
  expect(processed).toEqual(["a", "b", "c"]);
});

test("what was processed beside a commit that is lost goes with it, and comes again", async () => {
  const { app, end, processed } = await startWith(() =>
    Promise.reject(new ClusterError("TRANSACTION_ABORTED", "lost")),
  );
  end();
  await expect.poll(() => world.readTexts("numbered")).toEqual(numbered);
  await app.close();
  expect(processed).toEqual(["a", "b", "c", "a", "b", "c"]);
});
