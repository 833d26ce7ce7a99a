import { decodeUtf8 } from "@millrace/model";
import { int64AsNumber, string } from "@millrace/serde";
import { StreamsBuilder } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import { describe, expect, test } from "vitest";

import { asking } from "./asking-program.ts";

const text = { key: string(), value: string() };

describe("mapValuesAsync", () => {
  test("maps what its promises give, with the time, headers and origin of the record", async () => {
    const builder = new StreamsBuilder();
    const seen: unknown[] = [];
    builder
      .stream("in", text)
      .mapValuesAsync(
        async (value, key, { attempt, timestamp, headers, metadata, signal }) => {
          await Promise.resolve();
          seen.push([key, attempt, timestamp, headers, metadata, signal.aborted]);
          return value.length;
        },
        { value: int64AsNumber() },
      )
      .to("out");
    await using driver = new TopologyTestDriver(builder.build());
    const headers = [["trace", new Uint8Array([7])]] as const;
    driver.input("in", text).pipe("k", "four", { timestamp: 5, headers });
    const output = driver.output("out", { key: string(), value: int64AsNumber() });
    expect(output.readAll()).toEqual([]);
    await driver.settle();
    expect(output.readAll()).toMatchObject([{ key: "k", value: 4, timestamp: 5, headers }]);
    const metadata = { topic: "in", partition: 0, offset: 0 };
    expect(seen).toEqual([["k", 1, 5, headers, metadata, false]]);
  });

  test("is a processor with a store, whose names follow the others", () => {
    const builder = new StreamsBuilder();
    const lines = builder.stream("in", text);
    lines.mapValuesAsync(async (value) => value);
    lines.foreachAsync(async () => {}, { name: "page" });
    expect(builder.build().describe()).toBe(`Topologies:
   Sub-topology: 0
    Source: KSTREAM-SOURCE-0000000000 (topics: [in])
      --> KSTREAM-MAPVALUESASYNC-0000000001, page
    Processor: KSTREAM-MAPVALUESASYNC-0000000001 (stores: [KSTREAM-MAPVALUESASYNC-STATE-STORE-0000000002])
      --> none
      <-- KSTREAM-SOURCE-0000000000
    Processor: page (stores: [page-store])
      --> none
      <-- KSTREAM-SOURCE-0000000000

`);
  });

  test("by default lets results of a key leave as its records came, others as their calls end", async () => {
    const { driver, asked, pipe, values, turn } = asking();
    pipe("a", "a1");
    pipe("a", "a2");
    pipe("b", "b1");
    expect(asked.map(({ value }) => value)).toEqual(["a1", "a2", "b1"]);
    asked[1].answer();
    asked[2].answer();
    await turn();
    expect(values()).toEqual(["B1"]);
    asked[0].answer();
    await turn();
    expect(values()).toEqual(["A1", "A2"]);
    await driver.close();
  });

  test("by partition lets all results leave as the records came", async () => {
    const { driver, asked, pipe, values, turn } = asking({ order: "partition" });
    for (const key of ["a", "b", "c"]) pipe(key, key);
    asked[2].answer();
    asked[1].answer();
    await turn();
    expect(values()).toEqual([]);
    asked[0].answer();
    await turn();
    expect(values()).toEqual(["A", "B", "C"]);
    await driver.close();
  });

  test("without an order lets results leave as calls end, also those of one key", async () => {
    const { driver, asked, pipe, values, turn } = asking({ order: "none" });
    for (const value of ["1", "2", "3"]) pipe("k", value);
    for (const index of [2, 0, 1]) {
      asked[index].answer();
      await turn();
    }
    expect(values()).toEqual(["3", "1", "2"]);
    await driver.close();
  });

  test("makes no more calls at once than it may, and takes no more records than a few for each", async () => {
    const { driver, asked, pipe, values } = asking({ concurrency: 2 });
    for (let index = 0; index < 30; index++) pipe(`k${index}`, `v${index}`);
    expect(asked).toHaveLength(2);
    const store = driver.store("KSTREAM-MAPVALUESASYNC-STATE-STORE-0000000002");
    using held = store.all();
    expect([...held]).toHaveLength(8);
    const settled = driver.settle();
    for (let index = 0; index < 30; index++) {
      while (asked.length <= index) await Promise.resolve();
      asked[index].answer();
    }
    await settled;
    expect(values()).toHaveLength(30);
    expect(asked).toHaveLength(30);
  });

  test("holds at a commit what is under way, and nothing that is done", async () => {
    const { driver, asked, pipe, turn } = asking({ name: "ask" });
    pipe("a", "1", 4);
    pipe("b", "2", 5);
    const held = () => {
      using entries = driver.store("ask-store").all();
      return [...entries].map(({ key, value }) => [key, value]);
    };
    const bytes = (value: string) => new TextEncoder().encode(value);
    expect(held()).toMatchObject([
      [
        0,
        { topic: "in", partition: 0, offset: 0, timestamp: 4, key: bytes("a"), value: bytes("1") },
      ],
      [
        1,
        { topic: "in", partition: 0, offset: 1, timestamp: 5, key: bytes("b"), value: bytes("2") },
      ],
    ]);
    asked[0].answer();
    await turn();
    expect(held()).toMatchObject([[1, {}]]);
    asked[1].answer();
    await turn();
    expect(held()).toEqual([]);
    await driver.close();
  });

  test("gives each attempt a copy of its own, whatever the one before has done to it", async () => {
    const builder = new StreamsBuilder();
    const list = {
      name: "list",
      isNullable: false,
      serialize: (value: string[]) => new TextEncoder().encode(value.join()),
      deserialize: (bytes: Uint8Array) => decodeUtf8(bytes).split(","),
    };
    const seen: string[][] = [];
    builder
      .stream("in", { key: string(), value: list })
      .mapValuesAsync(
        async (value, _key, { attempt }) => {
          seen.push([...value]);
          value.push(`attempt ${attempt}`);
          if (attempt < 3) throw new Error("not yet");
          return value.join();
        },
        { retry: { attempts: 3 }, value: string() },
      )
      .to("out");
    await using driver = new TopologyTestDriver(builder.build());
    driver.input("in", { key: string(), value: list }).pipe("k", ["a", "b"]);
    for (let attempt = 0; attempt < 3; attempt++) {
      await driver.settle();
      driver.advanceWallClock(0);
    }
    await driver.settle();
    expect(seen).toEqual([
      ["a", "b"],
      ["a", "b"],
      ["a", "b"],
    ]);
    expect(driver.output("out", text).readAll()).toMatchObject([{ value: "a,b,attempt 3" }]);
  });

  test("passes on the bytes of a key that nobody looked at", async () => {
    const builder = new StreamsBuilder();
    builder
      .stream("in", text)
      .mapValuesAsync(async (value) => value, { value: string() })
      .groupByKey()
      .count({ store: "counts" })
      .toStream()
      .to("out");
    await using driver = new TopologyTestDriver(builder.build());
    const input = driver.input("in", text);
    for (const key of ["a", "b", "a"]) input.pipe(key, "x");
    await driver.settle();
    const counts = driver.output("out", { key: string(), value: int64AsNumber() }).readTable();
    expect([...counts]).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
  });
});

describe("flatMapValuesAsync and foreachAsync", () => {
  test("any number of values leave in their order", async () => {
    const builder = new StreamsBuilder();
    builder
      .stream("in", text)
      .flatMapValuesAsync(async (value) => (value === "" ? [] : value.split(" ")), {
        value: string(),
      })
      .to("out");
    await using driver = new TopologyTestDriver(builder.build());
    const input = driver.input("in", text);
    for (const value of ["a b", "", "c"]) input.pipe("k", value);
    await driver.settle();
    const values = driver.output("out", text).readAll();
    expect(values.map(({ value }) => value)).toEqual(["a", "b", "c"]);
  });

  test("actions of a key are one after the other, of others beside them", async () => {
    const builder = new StreamsBuilder();
    const log: string[] = [];
    const ends: (() => void)[] = [];
    builder.stream("in", text).foreachAsync(async (value) => {
      log.push(`begin ${value}`);
      await new Promise<void>((resolve) => {
        ends.push(resolve);
      });
      log.push(`end ${value}`);
    });
    await using driver = new TopologyTestDriver(builder.build());
    const input = driver.input("in", text);
    for (const [key, value] of [
      ["a", "a1"],
      ["a", "a2"],
      ["b", "b1"],
    ])
      input.pipe(key, value);
    expect(log).toEqual(["begin a1", "begin b1"]);
    const settled = driver.settle();
    for (let index = 0; index < 3; index++) {
      while (ends.length <= index) await Promise.resolve();
      ends[index]();
    }
    await settled;
    expect(log.indexOf("begin a2")).toBeGreaterThan(log.indexOf("end a1"));
    expect(log).toHaveLength(6);
  });
});

test("closing aborts what is under way, and waits for none of it", async () => {
  const { driver, asked, pipe } = asking();
  pipe("a", "x");
  const { signal } = asked[0].context;
  await driver.close();
  expect(signal.reason).toMatchObject({ code: "TASK_CLOSED" });
  asked[0].fail(new Error("too late"));
  await expect(driver.settle()).rejects.toMatchObject({ code: "DRIVER_CLOSED" });
});

test("settle ends with its signal where a call hangs", async () => {
  const { driver, pipe } = asking();
  pipe("a", "x");
  const controller = new AbortController();
  const settled = driver.settle(controller.signal);
  controller.abort(new Error("enough"));
  await expect(settled).rejects.toThrow("enough");
  await driver.close();
});

test("settle takes a signal, or nothing", async () => {
  const { driver } = asking();
  const wrong = driver.settle("1s" as unknown as AbortSignal);
  await expect(wrong).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  await driver.settle();
  await driver.close();
});

describe("options", () => {
  type Loose = Readonly<Record<string, (...given: unknown[]) => unknown>>;
  const lines = () => new StreamsBuilder().stream("in", text) as unknown as Loose;
  const some = async (): Promise<null> => null;

  test.each([
    [{ concurrency: 0 }, "concurrency"],
    [{ order: "any" }, "order"],
    [{ timeout: "0ms" }, "timeout"],
    [{ retry: {} }, "attempts"],
    [{ retry: { attempts: 2, backoff: { from: "2s", to: "1s" } } }, "backoff"],
    [{ retry: { attempts: 2, when: some } }, "when"],
    [{ onGiveUp: "skip" }, "onGiveUp"],
    [{ onGiveUp: { value: some } }, "onGiveUp"],
    [{ store: { name: "s", caching: true } }, "caching"],
    [{ concurency: 3 }, "concurrency"],
  ])("%j is refused by name", (options, named) => {
    expect(() => lines()["mapValuesAsync"](some, options)).toThrow(named);
  });

  test("foreachAsync has no value to give in place of a result", () => {
    expect(() => lines()["foreachAsync"](some, { onGiveUp: { value: () => 1 } })).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION" }),
    );
  });

  test("a serde that was lost is asked for by its option", () => {
    const lost = new StreamsBuilder().stream("in", text).mapValues((value) => value.length);
    const loose = lost as unknown as Loose;
    expect(() => loose["mapValuesAsync"](some)).toThrow(/input: json\(schema\).*mapValuesAsync/);
    expect(() => loose["mapValuesAsync"](some, { input: int64AsNumber() })).not.toThrow();
  });

  test("a program whose names must be given takes those of operators and stores", () => {
    const build = (options: object) => {
      const builder = new StreamsBuilder();
      builder.stream("in", text).mapValuesAsync(some, options);
      return builder.build({ requireExplicitNames: true });
    };
    expect(() => build({})).toThrow(expect.objectContaining({ code: "UNNAMED_INTERNAL_RESOURCE" }));
    expect(build({ name: "ask" }).describe()).toContain("ask-store");
    expect(build({ store: "asked" }).describe()).toContain("[asked]");
  });
});
