import { expect, expectTypeOf, test } from "vitest";

import { choiceFlag, numberFlag, pairsFlag, repeated, switchFlag, textFlag } from "./flag.ts";
import { readFlags } from "./read-flags.ts";

const flags = {
  "bootstrap-server": textFlag({ about: "", aliases: ["bootstrap"], byDefault: "local" }),
  topic: repeated(textFlag({ about: "" })),
  count: numberFlag({ about: "", min: 1 }),
  port: numberFlag({ about: "", max: 65_535, byDefault: 9092 }),
  shift: numberFlag({ about: "", min: Number.MIN_SAFE_INTEGER }),
  isolation: choiceFlag(["committed", "uncommitted"], { about: "", byDefault: "committed" }),
  config: pairsFlag({ about: "" }),
  keys: switchFlag({ about: "" }),
};

const messageOf = (...parameters: string[]): string => {
  try {
    readFlags(flags, parameters);
  } catch (error) {
    expect(error).toMatchObject({ code: "USAGE" });
    return (error as Error).message;
  }
  throw new Error("it was to be refused");
};

test("flags that are not given have their defaults", () => {
  const { flags: read, names } = readFlags(flags, []);
  expect(read).toEqual({
    "bootstrap-server": "local",
    topic: [],
    count: undefined,
    port: 9092,
    shift: undefined,
    isolation: "committed",
    config: [],
    keys: false,
  });
  expect(names).toEqual([]);
  expectTypeOf(read.port).toEqualTypeOf<number>();
  expectTypeOf(read.count).toEqualTypeOf<number | undefined>();
  expectTypeOf(read.isolation).toEqualTypeOf<"committed" | "uncommitted">();
  expectTypeOf(read.topic).toEqualTypeOf<readonly string[]>();
});

test("flags and words come in any order, values behind = or a blank", () => {
  const words = ["a", "--bootstrap", "h:1", "--topic=x", "b", "--topic", "y", "--shift", "-5"];
  const more = ["--config", "a=b=c", "--keys", "--count=3", "--", "--keys"];
  const { flags: read, names } = readFlags(flags, [...words, ...more]);
  expect(read).toMatchObject({ "bootstrap-server": "h:1", topic: ["x", "y"], shift: -5 });
  expect(read).toMatchObject({ config: [["a", "b=c"]], keys: true, count: 3 });
  expect(names).toEqual(["a", "b", "--keys"]);
});

test.each([
  [["--count", "x"], '--count is "x"; give a whole number of at least 1'],
  [["--count", "0"], '--count is "0"; give a whole number of at least 1'],
  [["--count", "1e3"], '--count is "1e3"; give a whole number of at least 1'],
  [["--count="], '--count is ""; give a whole number of at least 1'],
  [["--count"], "--count has no value; give a whole number of at least 1"],
  [["--count", "--keys"], "--count has no value; give a whole number of at least 1"],
  [["--count", "1", "--count", "2"], "--count is given twice"],
  [["--port", "65536"], '--port is "65536"; give a whole number from 0 to 65535'],
  [["--shift", "1.5"], '--shift is "1.5"; give a whole number'],
  [["--isolation", "all"], '--isolation is "all"; give committed or uncommitted'],
  [["--config", "x"], '--config is "x"; give NAME=VALUE'],
  [["--keys=yes"], "--keys takes no value"],
  [["--cuont", "3"], "there is no --cuont; did you mean --count?"],
  [["--bootstrap-servr", "h"], "there is no --bootstrap-servr; did you mean --bootstrap-server?"],
  [["--max-messages", "3"], "there is no --max-messages; did you mean --count?"],
  [["--max-mesages=3"], "there is no --max-mesages; did you mean --count?"],
  [["--cluster", "h"], "there is no --cluster; did you mean --bootstrap-server?"],
  [["--isolation-level", "all"], "there is no --isolation-level; did you mean --isolation?"],
  [["--Topics", "x"], "there is no --Topics; did you mean --topic?"],
  [["--toString"], "there is no --toString"],
  [["-k"], "there is no -k"],
])("%j is refused in a line that names the flag", (parameters, message) => {
  expect(messageOf(...parameters)).toBe(message);
});
