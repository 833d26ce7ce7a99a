import { expect, test } from "vitest";

import { CallbackError } from "../../error/callback-error.ts";
import { TopologyError } from "../../error/topology-error.ts";
import { customWindows } from "./custom-windows.ts";

test("the function says which windows a time is in, earliest first", () => {
  const windows = customWindows({
    size: 100,
    grace: "1s",
    windowsFor: (at) =>
      [
        { start: 50, end: 100 },
        { start: 0, end: 100 },
      ].filter(({ start, end }) => start <= at && at < end),
  });
  expect(windows.startsAt(20)).toEqual([0]);
  expect(windows.startsAt(60)).toEqual([0, 50]);
  expect(windows.startsAt(100)).toEqual([]);
  expect([windows.endOf(50), windows.graceMs]).toEqual([100, 1000]);
});

test.each([
  ["not around the time", { start: 20, end: 30 }],
  ["that ends with the time", { start: 0, end: 10 }],
  ["longer than the size", { start: 0, end: 101 }],
  ["before 1970", { start: -1, end: 20 }],
  ["of broken milliseconds", { start: 0.5, end: 20 }],
])("a window %s is refused", (_what, window) => {
  const windows = customWindows({ size: 100, windowsFor: () => [window] });
  expect(() => windows.startsAt(10)).toThrow(CallbackError);
  expect(() => windows.startsAt(10)).toThrow(`[${window.start}, ${window.end}) for 10`);
});

test.each([null, undefined, 5, "0-10"])("%s in place of a window is refused", (given) => {
  const windows = customWindows({ size: 100, windowsFor: () => [given as never] });
  expect(() => windows.startsAt(10)).toThrow(CallbackError);
});

test("a window that another time tells otherwise is refused: stores hold its start alone", () => {
  const windows = customWindows({ size: 100, windowsFor: (at) => [{ start: 0, end: at + 1 }] });
  expect(() => windows.startsAt(10)).toThrow("[0, 11) and [0, 1)");
  const unknown = customWindows({
    size: 100,
    windowsFor: (at) => (at > 5 ? [{ start: 0, end: 20 }] : []),
  });
  expect(() => unknown.startsAt(10)).toThrow("no window that starts at 0");
});

test.each([
  ["a size of 0", () => customWindows({ size: 0, windowsFor: () => [] }), "0 ms"],
  ["no function", () => customWindows({ size: 1, windowsFor: 5 as never }), "is 5"],
  [
    "an asynchronous function",
    () => customWindows({ size: 1, windowsFor: (async () => []) as never }),
    "synchronous",
  ],
])("%s is refused where it is given", (_what, make, message) => {
  expect(make).toThrow(TopologyError);
  expect(make).toThrow(message);
});
