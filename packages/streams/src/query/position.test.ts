import { expect, test } from "vitest";

import { mergePositions, missingOf, positionBefore, type Position } from "./position.ts";

/** Legal names of topics, which every object has. */
const names = ["__proto__", "constructor", "toString"];

test.each(names)("a position in topic %s is its own, and nobody else's", (topic) => {
  const first = positionBefore([{ topic, partition: 0, offset: 5 }]);
  const second: Position = JSON.parse(`{ "${topic}": { "0": 3, "1": 7 } }`);
  const both = mergePositions(first, second);
  expect(JSON.stringify(both)).toBe(`{"${topic}":{"0":4,"1":7}}`);
  expect(missingOf(both, second, undefined)).toBeUndefined();
  expect(missingOf(first, second, 1)).toBe(`${topic}-1 is at -1, asked for was 7`);
  expect(missingOf({}, second, 0)).toBe(`${topic}-0 is at -1, asked for was 3`);
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(Object.keys(Object)).toEqual([]);
});
