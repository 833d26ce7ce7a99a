import { describe, expect, test } from "vitest";

import { TopologyError } from "../../error/topology-error.ts";
import { hopping, tumbling, unlimited } from "./time-windows.ts";

describe("the windows of a time", () => {
  test("are one of tumbling windows", () => {
    expect(tumbling(10).startsAt(0)).toEqual([0]);
    expect(tumbling(10).startsAt(9)).toEqual([0]);
    expect(tumbling(10).startsAt(10)).toEqual([10]);
  });

  test("are all that have begun and not ended of hopping windows, none before 1970", () => {
    const windows = hopping(10, { advance: 4 });
    expect(windows.startsAt(3)).toEqual([0]);
    expect(windows.startsAt(13)).toEqual([4, 8, 12]);
  });

  test("are the one that has begun of unlimited windows", () => {
    expect(unlimited({ startOn: 5 }).startsAt(4)).toEqual([]);
    expect(unlimited({ startOn: 5 }).startsAt(1_000_000)).toEqual([5]);
  });
});

test.each([
  ["size of tumbling is 0 ms", () => tumbling(0)],
  ["size of hopping is 0 ms", () => hopping(0, { advance: 1 })],
  ["advance of hopping is 0 ms", () => hopping(5, { advance: 0 })],
  [
    "advance of hopping is 6 ms; give more than 0 and at most the size, 5 ms",
    () => hopping(5, { advance: 6 }),
  ],
  ["startOn of unlimited is -1", () => unlimited({ startOn: -1 })],
])("%s is refused", (message, make) => {
  expect(make).toThrow(TopologyError);
  expect(make).toThrow(message);
});

test("a negative grace is refused", () => {
  expect(() => tumbling(5, { grace: -1 })).toThrow("grace of tumbling is -1");
});
