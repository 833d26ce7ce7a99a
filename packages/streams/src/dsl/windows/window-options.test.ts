import { expect, test } from "vitest";

import { calendar } from "./calendar-windows.ts";
import { countWindows } from "./count-windows.ts";
import { customWindows } from "./custom-windows.ts";
import { session } from "./session-windows.ts";
import { sliding } from "./sliding-windows.ts";
import { hopping, tumbling, unlimited } from "./time-windows.ts";

const misspelt = { grase: "10s" };

test.each([
  ["tumbling", (more: object) => tumbling("1m", more)],
  ["hopping", (more: object) => hopping("1m", { advance: "5s", ...more })],
  ["sliding", (more: object) => sliding("1m", more)],
  ["session", (more: object) => session("1m", more)],
  ["unlimited", (more: object) => unlimited(more)],
  ["calendar", (more: object) => calendar("day", { timeZone: "UTC", ...more })],
  ["customWindows", (more: object) => customWindows({ size: "1m", windowsFor: () => [], ...more })],
  ["countWindows", (more: object) => countWindows(4, more)],
])("%s refuses an option that it does not have", (windows, make) => {
  expect(() => make({})).not.toThrow();
  expect(() => make(misspelt)).toThrow(
    expect.objectContaining({ name: "OptionError", code: "UNKNOWN_OPTION" }),
  );
  expect(() => make(misspelt)).toThrow(`${windows} has no option "grase".`);
});

test("a grace that is no option is refused", () => {
  const makers = [tumbling, sliding, session] as readonly ((
    size: string,
    grace: string,
  ) => object)[];
  for (const make of makers)
    expect(() => make("1m", "10s")).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
});
