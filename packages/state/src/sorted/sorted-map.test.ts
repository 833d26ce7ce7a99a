import {
  array,
  assert,
  boolean,
  constantFrom,
  oneof,
  property,
  record,
  stringMatching,
} from "fast-check";
import { describe, expect, it } from "vitest";
import { SortedMap } from "./sorted-map.ts";

const key = stringMatching(/^[a-c]{0,3}$/);
const step = oneof(
  record({ kind: constantFrom("set" as const, "delete" as const), key }),
  record({ kind: constantFrom("walk" as const), from: key, to: key, isForward: boolean() }),
);

describe("SortedMap", () => {
  it("walks like a sorted list, whatever was written before", () => {
    assert(
      property(array(step, { maxLength: 60 }), (steps) => {
        const map = new SortedMap<string>();
        const model = new Map<string, string>();
        for (const action of steps)
          if (action.kind === "walk") {
            const expected = [...model.keys()]
              .sort()
              .filter((text) => text >= action.from && text < action.to);
            const walk = map.walk(action.from, action.to, action.isForward);
            const seen: string[] = [];
            while (walk.next()) seen.push(walk.key);
            expect(walk.next()).toBe(false);
            expect(seen).toEqual(action.isForward ? expected : expected.toReversed());
          } else if (action.kind === "set") {
            map.set(action.key, action.key);
            model.set(action.key, action.key);
          } else {
            map.delete(action.key);
            model.delete(action.key);
          }
        expect(map.size).toBe(model.size);
      }),
    );
  });

  it("keeps order through many inserts and removals between walks", () => {
    const map = new SortedMap<number>();
    const model = new Set<string>();
    for (let round = 0; round < 50; round++) {
      for (let index = 0; index < 200; index++) {
        const text = String((index * 7919 + round * 104_729) % 20_011).padStart(6, "0");
        if ((index + round) % 3 === 0) {
          map.delete(text);
          model.delete(text);
        } else {
          map.set(text, index);
          model.add(text);
        }
      }
      const seen: string[] = [];
      const walk = map.walk(undefined, undefined, round % 2 === 0);
      while (walk.next()) seen.push(walk.key);
      if (round % 2 === 1) seen.reverse();
      expect(seen).toEqual([...model].sort());
    }
  });
});
