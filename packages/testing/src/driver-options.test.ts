import { BaseError } from "@millrace/model";
import { string } from "@millrace/serde";
import { StreamsBuilder } from "@millrace/streams";
import { expect, test } from "vitest";

import { TopologyTestDriver } from "./topology-test-driver.ts";

/** A program without types. */
type Loose = Readonly<Record<string, (...given: readonly unknown[]) => Loose>>;

const text = { key: string(), value: string() };

function topology() {
  const builder = new StreamsBuilder();
  builder.stream("in", text).to("out");
  return builder.build();
}

function loose(): Loose {
  return new TopologyTestDriver(topology()) as unknown as Loose;
}

function refusal(misuse: () => unknown): BaseError {
  try {
    misuse();
  } catch (error) {
    expect(error).toBeInstanceOf(BaseError);
    return error as BaseError;
  }
  throw new Error("it was to be refused");
}

const open = (...given: readonly unknown[]) =>
  new TopologyTestDriver(...(given as ConstructorParameters<typeof TopologyTestDriver>));

test.each<readonly [string, () => unknown, RegExp]>([
  ["no topology", () => open(undefined), /takes a topology; it was given undefined/],
  ["a builder", () => open(new StreamsBuilder()), /builder\.build\(\) gives one/],
  ["null for options", () => open(topology(), null), /takes an object of options/],
  ["an option that it has not", () => open(topology(), { start: 5 }), /has no option "start"/],
  ["a policy that is none", () => open(topology(), { onProcessingError: "skip" }), /give "fail"/],
  ["a time that is none", () => open(topology(), { startMs: "now" }), /startMs is "now"/],
  ["an input without a topic", () => loose().input(undefined, text), /input: .*a topic's name/],
  ["an input without serdes", () => loose().input("in"), /driver\.input takes an object/],
  [
    "an input with a serde that was not called",
    () => loose().input("in", { ...text, key: string }),
    /key is a function; give a serde/,
  ],
  [
    "a step that is none",
    () => loose().input("in", { ...text, advance: "soon" }),
    /advance is "soon"/,
  ],
  ["an output without a topic", () => loose().output(5, text), /output: .*a topic's name/],
  ["an output without serdes", () => loose().output("out"), /driver\.output takes an object/],
  [
    "null for how to pipe",
    () => loose().input("in", text).pipe("k", "v", null),
    /pipe takes an object/,
  ],
  [
    "a timestamp that is none",
    () => loose().input("in", text).pipe("k", "v", { timestamp: NaN }),
    /timestamp is NaN/,
  ],
  [
    "a time in place of options",
    () => loose().input("in", text).pipe("k", "v", 5),
    /it was given 5/,
  ],
  [
    "a value that the serde refuses",
    () => loose().input("in", text).pipe("k", 5),
    /expected a string/,
  ],
  ["no store", () => loose().store(undefined), /store: .*a table, a specification or a name/],
  ["no duration", () => loose().advanceWallClock("soon"), /advanceWallClock is "soon"/],
])("DRIVER-4: the driver refuses %s by name", (_, misuse, message) => {
  expect(refusal(misuse).message).toMatch(message);
});

test("a call that was refused leaves the driver as it was", async () => {
  await using driver = new TopologyTestDriver(topology());
  refusal(() => driver.advanceWallClock("soon" as never));
  driver.input("in", text).pipe("k", "v");
  expect(driver.output("out", text).readPairs()).toEqual([["k", "v"]]);
});
