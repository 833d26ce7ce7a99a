import { expect, expectTypeOf, test } from "vitest";

import { nearestName } from "./nearest-name.ts";
import {
  bytesOption,
  choiceOption,
  durationOption,
  flagOption,
  isRecordOf,
  numberOption,
  textOption,
  valueOption,
} from "./option-row.ts";
import { optionTable, readOptions, type GivenOptions } from "./option-table.ts";

const rows = {
  name: textOption({ isRequired: true, kafka: "client.id" }),
  mode: choiceOption(["fast", "safe"], { byDefault: "safe" }),
  session: durationOption({ byDefault: "45s", kafka: "session.timeout.ms" }),
  heartbeat: durationOption({ byDefault: "3s", minMs: 1 }),
  idle: durationOption({ byDefault: 0, also: -1 }),
  port: numberOption({ max: 65_535 }),
  cache: bytesOption({ byDefault: 10 * 2 ** 20 }),
  check: flagOption({ byDefault: true }),
  secret: textOption({ isSecret: true, accepts: (text) => text.length > 3, allowed: "4 and more" }),
  topics: valueOption<Readonly<Record<string, number>>>({
    allowed: "partition counts by name",
    accepts: isRecordOf((count) => typeof count === "number"),
  }),
  onError: valueOption<() => void>({
    allowed: "a function",
    accepts: (given) => typeof given === "function",
  }),
};
const table = optionTable("openPump", rows, [
  {
    demand: "heartbeat must be shorter than session",
    options: ["heartbeat", "session"],
    holds: ({ heartbeat, session }) => heartbeat < session,
  },
  {
    demand: "a secret needs a port",
    options: ["secret", "port"],
    holds: ({ secret, port }) => secret === undefined || port !== undefined,
  },
]);

const refused = (given: unknown): { code: string; message: string } => {
  try {
    readOptions(table, given);
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error("it was to be refused");
};

test("a secret that is refused is not shown", () => {
  expect(refused({ name: "a", secret: "abc" }).message).toContain(
    "secret is a text of 3 characters; give 4 and more",
  );
  expect(refused({ name: "a", secret: 17 }).message).toContain("secret is 17;");
  expect(refused({ name: "a", secret: "abcde" }).message).toContain(
    "secret is a text of 5 characters and port is left out; a secret needs a port",
  );
});

test("what is left out has its default, durations are milliseconds, the rest stays undefined", () => {
  const read = readOptions(table, { name: "a", heartbeat: "1.5s", port: undefined });
  expect(read).toEqual({
    name: "a",
    mode: "safe",
    session: 45_000,
    heartbeat: 1500,
    idle: 0,
    port: undefined,
    cache: 10_485_760,
    check: true,
    topics: undefined,
    onError: undefined,
  });
  expect(readOptions(table, { name: "a", idle: -1, port: 0 })).toMatchObject({ idle: -1, port: 0 });
});

test("the types come from the rows", () => {
  expectTypeOf<GivenOptions<typeof rows>["mode"]>().toEqualTypeOf<"fast" | "safe" | undefined>();
  expectTypeOf<GivenOptions<typeof rows>["name"]>().toEqualTypeOf<string>();
  const read = readOptions(table, { name: "a" });
  expectTypeOf(read.session).toEqualTypeOf<number>();
  expectTypeOf(read.port).toEqualTypeOf<number | undefined>();
  expectTypeOf(read.onError).toEqualTypeOf<(() => void) | undefined>();
});

test.each([
  [{ name: "" }, 'openPump: name is ""; give a text that is not empty'],
  [{}, "openPump: name is missing; give a text that is not empty"],
  [{ name: "a", mode: "Fast" }, 'openPump: mode is "Fast"; give "fast" or "safe"'],
  [{ name: "a", mode: null }, 'openPump: mode is null; give "fast" or "safe"'],
  [{ name: "a", port: 65_536 }, "openPump: port is 65536; give a whole number from 0 to 65535"],
  [{ name: "a", port: "80" }, /port is "80"/],
  [{ name: "a", cache: 1.5 }, /cache is 1.5; give a whole number of at least 0/],
  [{ name: "a", check: "yes" }, /check is "yes"; give true or false/],
  [{ name: "a", topics: { orders: "4" } }, /topics is an object; give partition counts by name/],
  [{ name: "a", onError: Promise.resolve() }, /onError is a promise \(await it first\)/],
  [undefined, "openPump takes an object of options, at least { name }; it was given undefined"],
  [Promise.resolve({}), /takes an object of options, at least { name }; it was given a promise/],
])("%j is refused with what is allowed", (given, message) => {
  const error = refused(given);
  expect(error.code).toBe("INVALID_OPTION");
  expect(error.message).toMatch(message);
});

test.each([-1, NaN, Infinity, "5 seconds", "", "-5s", 2 ** 31, "25d", {}, null])(
  "%s is no duration",
  (session) => {
    expect(refused({ name: "a", session })).toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining('"5s"'),
    });
  },
);

test("a rule between options tells their values and what is demanded", () => {
  expect(refused({ name: "a", session: "2s" }).message).toBe(
    'openPump: heartbeat is "3s" and session is "2s"; heartbeat must be shorter than session',
  );
});

test.each([
  ["sesion", "Did you mean session?"],
  ["session.timeout.ms", "Did you mean session?"],
  ["heart_beat", "Did you mean heartbeat?"],
  ["toString", "It has name, mode,"],
  ["zzz", "It has name, mode,"],
])("an option %s that does not exist is an error that helps: %s", (name, hint) => {
  const error = refused({ name: "a", [name]: undefined });
  expect(error.code).toBe("UNKNOWN_OPTION");
  expect(error.message).toContain(hint);
});

test("the nearest name is near", () => {
  expect(nearestName("--bootstrap_servr", ["topic", "bootstrap-server"])).toBe("bootstrap-server");
  expect(nearestName("x", ["topic", "count"])).toBeUndefined();
  expect(nearestName("stateDir", ["stateDirectory", "slice"])).toBe("stateDirectory");
  expect(nearestName("state", ["stateDirectory", "stateCheckInterval"])).toBeUndefined();
});
