import { decodeUtf8 } from "@millrace/model";
import { optional, string } from "@millrace/serde";
import { StreamsBuilder, type ErrorPolicy, type KStream } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

const text = { key: string(), value: string() };
const optionalText = { key: optional(string()), value: optional(string()) };

function joiner(left: string | null, right: string | null): string {
  if (left === "bad") throw new Error("a bad record");
  return `${left}+${right}`;
}

type Joining = (builder: StreamsBuilder, left: KStream<string, string, "known", "known">) => void;

const asOf: Joining = (builder, left) => {
  const right = builder.stream("right", text);
  left.asOfJoin(right, joiner, { tolerance: 10, grace: 5, value: string() }).to("out");
};
const withTable: Joining = (builder, left) => {
  const store = { name: "rows", historyRetention: 1000 };
  const right = builder.table("right", { ...text, store });
  left.leftJoin(right, joiner, { grace: 5, value: string() }).to("out");
};
const withStream: Joining = (builder, left) => {
  const right = builder.stream("right", text);
  left.leftJoin(right, joiner, { within: 2, grace: 3, value: string() }).to("out");
};

/** Of the left side `bad` fails, and x, y, z and w come behind it; in between the right side has r. */
function run(join: Joining, onProcessingError: ErrorPolicy) {
  const builder = new StreamsBuilder();
  join(builder, builder.stream("left", text));
  const driver = new TopologyTestDriver(builder.build(), {
    onProcessingError,
    deadLetterTopic: "dead",
  });
  const left = driver.input("left", text);
  const right = driver.input("right", text);
  left.pipe("k", "bad", { timestamp: 1 });
  left.pipe("k", "x", { timestamp: 2 });
  right.pipe("other", "r", { timestamp: 10 });
  left.pipe("k", "y", { timestamp: 20 });
  left.pipe("k", "z", { timestamp: 32 });
  left.pipe("k", "w", { timestamp: 50 });
  return driver;
}

test.each([
  ["as of its time", asOf],
  ["with a table", withTable],
  ["with nobody", withStream],
] as const)("a record that waits and cannot be joined %s is left out alone", (_how, join) => {
  const driver = run(join, "continue");
  expect(driver.output("out", text).readValues()).toEqual(["x+null", "y+null", "z+null"]);
  expect(driver.droppedRecords).toBe(1);
  expect(driver.output("dead", text).size).toBe(1);
});

test.each([asOf, withTable, withStream])("where that is to fail, it does", (join) => {
  expect(() => run(join, "fail")).toThrow("a bad record");
});

/** Key and value of each letter, and the topic that it names. */
function lettersOf(driver: TopologyTestDriver): unknown[] {
  const letters = driver.output("dead", optionalText).readAll();
  return letters.map(({ key, value, headers }) => {
    const topic = headers.find(([name]) => name === "__streams.errors.topic")?.[1];
    return [key, value, topic instanceof Uint8Array ? decodeUtf8(topic) : topic];
  });
}

// `dead-letters replay` would write the one that let it out, which has not failed, a second time.
test("its letter names the record itself, or none where the join does not know which one it was", () => {
  expect(lettersOf(run(withTable, "continue"))).toEqual([[null, null, "left"]]);
  expect(lettersOf(run(withStream, "continue"))).toEqual([[null, null, null]]);
  const behind: Joining = (builder, left) => {
    const right = builder.stream("right", text);
    const joined = left.leftJoin(right, (value) => value, { within: 2, grace: 3, value: string() });
    joined.to("out");
    joined.foreach((value) => joiner(value, null));
  };
  expect(lettersOf(run(behind, "continue"))).toEqual([[null, null, null]]);
});

test.each(["deadLetter", "fail"] as const)(
  "so does a call that is made for it: %s",
  async (onGiveUp) => {
    const behind: Joining = (builder, left) => {
      const right = builder.stream("right", text);
      left
        .leftJoin(right, (value) => value, { within: 2, grace: 3, value: string() })
        .foreachAsync(async (value) => void joiner(value, null), { key: string(), onGiveUp });
    };
    const told: string[] = [];
    const driver = run(behind, ({ message }) => {
      told.push(message);
      return "continue";
    });
    await driver.settle();
    expect(lettersOf(driver)).toEqual([["k", "bad", null]]);
    // Nothing is asked of what is given up, and no timer is to blame for the other.
    expect(told.join()).toMatch(onGiveUp === "fail" ? /^a record could not be processed: / : /^$/);
  },
);
