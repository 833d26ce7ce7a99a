import { BaseError } from "@millrace/model";
import { string, type Serde, type SerdeUse } from "@millrace/serde";
import { StreamsBuilder, type Topology } from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { operatorPrograms } from "../dsl/operator-programs.ts";
import { Preparations } from "./world/preparations.ts";
import { TestWorld } from "./world/test-world.ts";

/** What serdes fetch before records flow. */
let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.start({ in: 2, table: 2, all: 1, out: 2 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

class AwayError extends BaseError<"AWAY"> {
  constructor(retriable: boolean) {
    super("AWAY", "the registry is away", { retriable });
  }
}

function prepared(prepare: Serde<string>["prepare"]): Serde<string> {
  return { ...string(), name: "prepared", isTotal: false, ...(prepare && { prepare }) };
}

function counting(serde: Serde<string>): Topology {
  const builder = new StreamsBuilder();
  const all = builder.globalTable("all", { key: string(), value: serde, store: "everywhere" });
  builder
    .stream("in", { key: string(), value: serde })
    .join(all, (value) => value, { keySelector: (value) => value })
    .groupBy((value) => value, { key: serde, value: serde, name: "by-value" })
    .reduce((_, value) => value, { store: "last" })
    .toStream()
    .to("out", { key: serde, value: serde });
  return builder.build();
}

describe("before records flow", () => {
  test("each serde is prepared once for each topic and part that is known", async () => {
    const uses: SerdeUse[] = [];
    const serde = prepared(async (use) => {
      uses.push(use);
    });
    await world.app(counting(serde), {});
    const texts = uses.map(
      ({ topic, part, reads, writes }) =>
        `${part} ${topic} ${reads ? "r" : ""}${writes ? "w" : ""}`,
    );
    expect(texts.toSorted()).toEqual([
      "key app-by-value-repartition rw",
      "key app-last-changelog rw",
      "key out w",
      "value all rw",
      "value app-by-value-repartition rw",
      "value app-last-changelog rw",
      "value in r",
      "value out w",
    ]);
  });

  test("all of them at the same time, and nothing is read meanwhile", async () => {
    let underWay = 0;
    const gate = Promise.withResolvers<void>();
    const decoded: string[] = [];
    const serde = {
      ...prepared(async () => {
        underWay += 1;
        await gate.promise;
      }),
      deserialize: (bytes: Uint8Array) => {
        decoded.push("one");
        return string().deserialize(bytes, "");
      },
    };
    const producer = world.client.producer();
    await producer.send({ topic: "in", key: "k", value: "a" });
    await producer.close();
    const starting = world.app(counting(serde), {});
    await expect.poll(() => underWay).toBe(8);
    expect(decoded).toEqual([]);
    gate.resolve();
    await starting;
    await expect.poll(() => decoded.length).toBeGreaterThan(0);
  });

  test("the log says what an application waits for, which is tried again until it is there", async () => {
    let left = 8 * 5;
    const process = world.process();
    const serde = prepared(async () => {
      if (left-- > 0) throw new AwayError(true);
    });
    await world.app(counting(serde), {}, process);
    const named = (name: string) => process.events.filter((event) => event.name === name);
    expect(named("streams.serde-not-prepared")).toHaveLength(40);
    expect(named("streams.serdes-awaited")[0].fields["serdes"]).toContain(
      "the serde prepared of the values of in",
    );
  });

  test("what does not pass ends the start, and says which serde and topic", async () => {
    const serde = prepared(async ({ topic }) => {
      if (topic === "out") throw new AwayError(false);
    });
    await expect(world.app(counting(serde), {})).rejects.toMatchObject({
      code: "SERDE_NOT_PREPARED",
      message: expect.stringMatching(
        /the serde prepared of the (keys|values) of out could not be prepared: the registry is away/,
      ),
      cause: { code: "AWAY" },
    });
  });

  test("the others are told to stop where one fails", async () => {
    const aborted: string[] = [];
    const serde = prepared(({ topic }, signal) => {
      if (topic === "out") return Promise.reject(new AwayError(false));
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          aborted.push(topic);
          reject(signal.reason);
        });
      });
    });
    await expect(world.app(counting(serde), {})).rejects.toThrow("could not be prepared");
    expect(aborted).toHaveLength(6);
  });

  test("a start is given up with its signal, also where a serde does not look at it", async () => {
    const stop = new AbortController();
    let isAsked = false;
    const serde = prepared(() => {
      isAsked = true;
      return new Promise(() => {});
    });
    const starting = world.app(counting(serde), { signal: stop.signal });
    await expect.poll(() => isAsked).toBe(true);
    stop.abort();
    await expect(starting).rejects.toBe(stop.signal.reason);
  });
});

test("an application of all operators uses its serdes for nothing that they were not prepared for", async () => {
  const preparations = new Preparations();
  const serdes = { key: preparations.serde(), value: preparations.serde() };
  const builder = new StreamsBuilder();
  const counts: Record<string, number> = {};
  for (const [index, write] of Object.values(operatorPrograms).entries()) {
    const named = (name: string): string => `${index}-${name}`;
    for (const name of ["in", "other", "out"]) counts[named(name)] = 1;
    write({ builder, named, ...serdes });
  }
  await world.createTopics(counts);
  const topology = builder.build();
  const inputs = topology
    .subtopologies("app")
    .flatMap(({ sourceTopics }) => sourceTopics)
    .filter((topic) => topic in counts);
  const producer = world.client.producer({ key: string(), value: string() });
  for (const topic of inputs)
    for (const [at, value] of ["a", "b", "c", "a", "b"].entries())
      await producer.send({ topic, key: at % 2 === 0 ? value : "a", value, timestamp: 4 * at });
  await producer.close();
  await world.app(topology, { commitInterval: 20 });
  await expect
    .poll(
      async () => {
        const done = await world.client.admin.groupOffsets("app");
        return inputs.filter(
          (input) => !done.some((one) => one.topic === input && one.offset >= 5),
        );
      },
      { timeout: 20_000 },
    )
    .toEqual([]);
  expect([...preparations.missed]).toEqual([]);
}, 40_000);
