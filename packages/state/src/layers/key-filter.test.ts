import { encodeUtf8 } from "@millrace/model";
import { SeededRandom } from "@millrace/platform";
import { expect, it } from "vitest";

import { toLatin1 } from "../bytes/latin1.ts";
import { bucketOf, hashOf, hashOfLatin1, hashWith, KeyFilter } from "./key-filter.ts";

it.each([1, 1000, 300_000])(
  "of %d hashes none that was added is missed, and few others pass",
  (count) => {
    const random = new SeededRandom(count);
    const hashes = Array.from({ length: 2 * count }, () => hashWith(random.below(2 ** 31), 0));
    const added = new Set(hashes.slice(0, count));
    const filter = new KeyFilter();
    for (const hash of added) filter.add(hash);
    expect([...added].every((hash) => filter.mayHave(hash))).toBe(true);
    const others = hashes.filter((hash) => !added.has(hash));
    const passed = others.filter((hash) => filter.mayHave(hash));
    expect(passed.length).toBeLessThan(0.05 * others.length + 1);
  },
);

it("an empty filter has nothing", () => {
  expect(new KeyFilter().mayHave(0)).toBe(false);
});

function bigEndian(bytes: number, step: number): (index: number) => Uint8Array {
  return (index) => {
    const key = new Uint8Array(bytes);
    new DataView(key.buffer).setInt32(bytes - 4, index * step);
    return key;
  };
}

it.each<[string, (index: number) => Uint8Array]>([
  ["of 4 bytes", bigEndian(4, 1)],
  ["of 8 bytes", bigEndian(8, 1)],
  ["of 10 bytes, far apart", bigEndian(10, 4096)],
  ["such as order-0001", (index) => encodeUtf8(`\0\x01order-${String(index).padStart(4, "0")}`)],
  ["such as user-1", (index) => encodeUtf8(`user-${index}`)],
])("keys that follow each other, %s, fall into buckets of their own", (_, keyOf) => {
  const count = 8192;
  const buckets = new Set<number>();
  for (let index = 0; index < count; index++) {
    const key = keyOf(index);
    const hash = hashOf(key, 0, key.length);
    expect(hashOfLatin1(toLatin1(key))).toBe(hash);
    buckets.add(bucketOf(hash, count));
  }
  expect(buckets.size).toBeGreaterThan(0.58 * count); // by chance it is 0.63 of them
});
