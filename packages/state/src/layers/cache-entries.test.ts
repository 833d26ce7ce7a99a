import { array, assert, constantFrom, property, record, uint8Array } from "fast-check";
import { expect, it } from "vitest";

import { toLatin1 } from "../bytes/latin1.ts";
import { PrimitiveEntries, TextEntries } from "./cache-entries.ts";
import { CacheEntry } from "./cache-entry.ts";
import { hashOf, hashOfLatin1 } from "./key-filter.ts";

const hashOfAll = (bytes: Uint8Array): number => hashOf(bytes, 0, bytes.length);

it("a text has the hash of its bytes", () => {
  assert(
    property(uint8Array({ maxLength: 40 }), (bytes) => {
      expect(hashOfLatin1(toLatin1(bytes))).toBe(hashOfAll(bytes));
    }),
  );
});

const key = uint8Array({ minLength: 1, maxLength: 6, max: 3 });
const step = record({ isAdded: constantFrom(true, true, false), key });

it.each([
  ["texts", () => new TextEntries<string, number>()],
  ["primitives", () => new PrimitiveEntries<string, number>()],
])("entries of %s are found by key and by bytes, as in a map", (_name, make) => {
  assert(
    property(array(step, { minLength: 400, maxLength: 800 }), (steps) => {
      const entries = make();
      const model = new Map<string, CacheEntry<string, number>>();
      for (const { isAdded, key: bytes } of steps) {
        const text = toLatin1(bytes);
        const entry = new CacheEntry<string, number>(text, null, null, text.length);
        if (bytes.length % 2 === 0) entry.hash = hashOfAll(bytes);
        const before = entries.like(entry);
        if (before !== model.get(text)) return false;
        if (before !== undefined) entries.delete(before);
        model.delete(text);
        if (!isAdded) continue;
        entries.add(entry);
        model.set(text, entry);
      }
      const isSame = [...model].every(([text, entry]) => entries.get(text) === entry);
      const isFound = steps.every(
        ({ key: bytes }) => entries.ofBytes(bytes, hashOfAll(bytes)) === model.get(toLatin1(bytes)),
      );
      const { size } = entries;
      entries.clear();
      return isSame && isFound && size === model.size && entries.get("\0") === undefined;
    }),
    { numRuns: 5 },
  );
});
