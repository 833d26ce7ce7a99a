import { assert, property, uint8Array } from "fast-check";
import { expect, it } from "vitest";

import { CacheEntry } from "./cache-entry.ts";

it("short bytes are kept as a text once they are packed, and come back as they were", () => {
  assert(
    property(uint8Array({ maxLength: 100 }), (bytes) => {
      const entry = new CacheEntry<string, string>("k", null, null, 1);
      entry.bytes = bytes;
      expect(entry.bytes).toBe(bytes);
      entry.packBytes();
      expect(entry.hasBytes).toBe(true);
      expect(entry.bytes).toEqual(bytes);
      expect(entry.bytes === bytes).toBe(bytes.length > 64);
    }),
  );
});

it("an entry counts its topic and headers while it has a write, and is dirty when the cache says so", () => {
  const entry = new CacheEntry<string, string>("k", null, null, 1);
  const bare = entry.countedSize();
  const headers = [["h", Uint8Array.of(1, 2)]] as const;
  const write = entry.copyContext({ topic: "in", partition: 0, offset: 7, timestamp: 5, headers });
  expect(entry.countedSize()).toBe(bare + 2 + 3);
  expect(entry.isDirty).toBe(false);
  write.isDirty = true;
  expect(entry.isDirty).toBe(true);
  expect(entry.copyContext(write)).toBe(write);
});
