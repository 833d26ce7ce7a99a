import { string } from "@millrace/serde";
import { StreamsBuilder, type KStream } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

const text = { key: string(), value: string() };

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
function run(join: Joining, onProcessingError: "continue" | "fail") {
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
