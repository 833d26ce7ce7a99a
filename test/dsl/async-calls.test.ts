import { decodeUtf8 } from "@millrace/model";
import { double, string } from "@millrace/serde";
import { CallbackError, StreamRecord, StreamsBuilder } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import { describe, expect, test } from "vitest";

import { asking } from "./asking-program.ts";

const text = { key: string(), value: string() };

describe("attempts", () => {
  test("a call that takes longer than the timeout has failed, and its signal is aborted", async () => {
    const { driver, asked, pipe, values, turn } = asking({ timeout: "2s", onGiveUp: "continue" });
    pipe("a", "slow");
    driver.advanceWallClock("1999ms");
    expect(asked[0].context.signal.aborted).toBe(false);
    driver.advanceWallClock("1ms");
    expect(asked[0].context.signal.reason).toMatchObject({ code: "CALL_TIMED_OUT" });
    expect(driver.droppedRecords).toBe(1);
    asked[0].answer(); // too late
    await turn();
    expect(values()).toEqual([]);
    await driver.settle();
  });

  test("a call is made again after its back-off, which doubles up to its bound", async () => {
    const { driver, asked, pipe, values, turn } = asking({
      retry: { attempts: 4, backoff: { from: "1s", to: "3s" } },
    });
    pipe("a", "x");
    for (const backoffMs of [1000, 2000, 3000]) {
      const before = asked.length;
      asked[before - 1].fail(new Error("down"));
      await turn();
      driver.advanceWallClock(backoffMs - 1);
      expect(asked).toHaveLength(before);
      driver.advanceWallClock(1);
      expect(asked).toHaveLength(before + 1);
    }
    expect(asked.map(({ context }) => context.attempt)).toEqual([1, 2, 3, 4]);
    asked[3].answer();
    await driver.settle();
    expect(values()).toEqual(["X"]);
  });

  test("while one waits for its back-off, others have its place; its key waits", async () => {
    const { driver, asked, pipe, values, turn } = asking({
      concurrency: 1,
      retry: { attempts: 2, backoff: "1s" },
    });
    pipe("a", "a1");
    pipe("b", "b1");
    pipe("a", "a2");
    asked[0].fail(new Error("down"));
    await turn();
    expect(asked.map(({ value }) => value)).toEqual(["a1", "b1"]);
    asked[1].answer();
    await turn();
    asked[2].answer();
    await turn();
    expect(values()).toEqual(["B1"]);
    driver.advanceWallClock("1s");
    asked[3].answer();
    await driver.settle();
    expect(values()).toEqual(["A1", "A2"]);
  });

  test("what the program says is not worth it is not tried again", async () => {
    const { driver, asked, pipe, turn } = asking({
      retry: { attempts: 5, when: (error) => (error as Error).message !== "404" },
      onGiveUp: "continue",
    });
    pipe("a", "x");
    asked[0].fail(new Error("404"));
    await turn();
    expect([asked.length, driver.droppedRecords]).toEqual([1, 1]);
    await driver.close();
  });

  test("what throws before there is a promise fails as what rejects", async () => {
    const builder = new StreamsBuilder();
    builder
      .stream("in", text)
      .mapValuesAsync(
        (value: string): Promise<string> => {
          throw new Error(`no ${value}`);
        },
        {
          onGiveUp: { value: (error, value, key) => `${(error as Error).message} ${value} ${key}` },
        },
      )
      .to("out", { value: string() });
    await using driver = new TopologyTestDriver(builder.build());
    driver.input("in", text).pipe("k", "x");
    await driver.settle();
    expect(driver.output("out", text).readAll()).toMatchObject([{ value: "no x x k" }]);
  });
});

describe("what is given up", () => {
  test("ends the application by default, with the place of its record", async () => {
    const { driver, asked, pipe } = asking();
    pipe("a", "x");
    pipe("b", "y");
    asked[1].fail(new Error("down"));
    await expect(driver.settle()).rejects.toMatchObject({
      code: "PROCESSING_FAILED",
      node: "KSTREAM-MAPVALUESASYNC-0000000001",
      topic: "in",
      offset: 1,
      cause: { message: "down" },
    });
    await driver.close();
  });

  test("is for onProcessingError to decide, as any error of a callback", async () => {
    const codes: string[] = [];
    const { driver, asked, pipe } = asking(
      {},
      {
        onProcessingError: (error) => {
          codes.push(error.code);
          return "continue";
        },
        deadLetterTopic: "dead",
      },
    );
    pipe("a", "x");
    asked[0].fail(new Error("down"));
    await driver.settle();
    expect([codes, driver.droppedRecords]).toEqual([["PROCESSING_FAILED"], 1]);
    expect(driver.output("dead", text).readPairs()).toEqual([["a", "x"]]);
  });

  test("goes to dead letters as it came, with Kafka's headers, and leaves the store", async () => {
    const { driver, asked, pipe } = asking(
      { onGiveUp: "deadLetter", name: "ask" },
      { deadLetterTopic: "dead" },
    );
    pipe("a", "x", 9);
    asked[0].fail(new TypeError("down"));
    await driver.settle();
    const [{ key, value, timestamp, headers }] = driver.output("dead", text).readAll();
    expect([key, value, timestamp]).toEqual(["a", "x", 9]);
    const told = Object.fromEntries(
      headers.map(([name, bytes]) => [name, bytes === null ? null : decodeUtf8(bytes)]),
    );
    expect(told).toMatchObject({
      "__streams.errors.exception": "TypeError",
      "__streams.errors.message": "down",
      "__streams.errors.topic": "in",
      "__streams.errors.partition": "0",
      "__streams.errors.offset": "0",
    });
    expect(driver.droppedRecords).toBe(1);
    using held = driver.store("ask-store").all();
    expect([...held]).toEqual([]);
  });

  test.each(["before", "in", "behind"])(
    "has the source record in its letter, whatever was made of it: %s the call",
    async (place) => {
      const failAt = (here: string): void => {
        if (here === place) throw new Error(here);
      };
      const mapped = { key: string(), value: double() };
      const builder = new StreamsBuilder();
      builder
        .stream("in", text)
        .map((value, key) => ({ key: `mapped ${key}`, value: value.length }), mapped)
        .peek(() => failAt("before"))
        .mapValuesAsync(async (value) => (failAt("in"), value), { onGiveUp: "deadLetter" })
        .foreach(() => failAt("behind"));
      await using driver = new TopologyTestDriver(builder.build(), {
        onProcessingError: "continue",
        deadLetterTopic: "dead",
      });
      driver.input("in", text).pipe("k", "source");
      await driver.settle();
      expect(driver.output("dead", text).readPairs()).toEqual([["k", "source"]]);
    },
  );

  test("has what came to the operator in its letter where a timer made it: it has no source", async () => {
    const builder = new StreamsBuilder();
    builder
      .stream("in", text)
      .process({
        output: text,
        init({ schedule, forward }) {
          schedule("1s", "wallClockTime", (now) => forward(new StreamRecord("t", "timed", now)));
        },
        process: () => {},
      })
      .mapValuesAsync(() => Promise.reject(new Error("down")), { onGiveUp: "deadLetter" });
    await using driver = new TopologyTestDriver(builder.build(), { deadLetterTopic: "dead" });
    driver.advanceWallClock("1s");
    await driver.settle();
    const [letter] = driver.output("dead", text).readAll();
    expect(letter).toMatchObject({ key: "t", value: "timed" });
    expect(letter.headers).toContainEqual(["__streams.errors.topic", null]);
  });

  test("cannot go to dead letters where there is no topic for them", () => {
    expect(() => asking({ onGiveUp: "deadLetter" })).toThrow(
      expect.objectContaining({ code: "NO_DEAD_LETTER_TOPIC" }),
    );
  });

  test("an operator below that fails on a result is told apart from the call", async () => {
    const builder = new StreamsBuilder();
    builder
      .stream("in", text)
      .mapValuesAsync(async (value) => value, { onGiveUp: "continue" })
      .mapValues(() => {
        throw new Error("below");
      });
    const driver = new TopologyTestDriver(builder.build());
    driver.input("in", text).pipe("k", "x");
    await expect(driver.settle()).rejects.toMatchObject({
      code: "PROCESSING_FAILED",
      node: "KSTREAM-MAPVALUES-0000000003",
      offset: 0,
    });
    await driver.close();
  });

  test("a result of undefined is a mistake with a name", async () => {
    const { driver, asked, pipe } = asking();
    pipe("a", "x");
    asked[0].answer(null);
    await driver.settle();
    const builder = new StreamsBuilder();
    builder.stream("in", text).mapValuesAsync(async () => undefined as unknown as string);
    const other = new TopologyTestDriver(builder.build());
    other.input("in", text).pipe("k", "x");
    await expect(other.settle()).rejects.toMatchObject({
      cause: { code: "CALLBACK_GAVE_UNDEFINED", operator: "mapValuesAsync" },
    });
    await other.close();
  });

  test("a list that is a text is a mistake with a name", async () => {
    const builder = new StreamsBuilder();
    builder.stream("in", text).flatMapValuesAsync(async (value) => value as never);
    const driver = new TopologyTestDriver(builder.build());
    driver.input("in", text).pipe("k", "x");
    await expect(driver.settle()).rejects.toMatchObject({
      cause: { code: "CALLBACK_GAVE_NO_LIST", operator: "flatMapValuesAsync" },
    });
    await driver.close();
  });

  test("a callback that gives no promise ends the task, whatever the policies say", async () => {
    const builder = new StreamsBuilder();
    const mapper = ((value: string) => value) as unknown as (value: string) => Promise<string>;
    builder
      .stream("in", text)
      .mapValuesAsync(mapper, { retry: { attempts: 3 }, onGiveUp: "continue" });
    const driver = new TopologyTestDriver(builder.build(), { onProcessingError: "continue" });
    driver.input("in", text).pipe("k", "x");
    const thrown = await driver.settle().catch((error: unknown) => error);
    expect((thrown as Error).cause).toBeInstanceOf(CallbackError);
    expect((thrown as Error).cause).toMatchObject({ code: "CALLBACK_GAVE_NO_PROMISE" });
    await driver.close();
  });
});
