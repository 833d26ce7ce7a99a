import { encodeUtf8 } from "@millrace/model";
import { SeededRandom } from "@millrace/platform";
import { describe, expect, it } from "vitest";
import { halfSipHash } from "./key-hash.ts";
import { entryBytes, OffsetMap } from "./offset-map.ts";

const key = (index: number) => encodeUtf8(`key ${index}`);
const mapOf = (entries: number) =>
  new OffsetMap({ bytesMax: entries * entryBytes, loadFactor: 0.9, random: new SeededRandom(1) });

describe("the hash of keys", () => {
  it("is HalfSipHash-2-4 with 64 bits", () => {
    const words = new Int32Array(2);
    halfSipHash(new Uint8Array(0), { low: 0x03020100, high: 0x07060504 }, words, 0);
    expect(Buffer.from(words.buffer).toString("hex")).toBe("218d1f59b9b83cc8");
  });

  it("tells keys apart that differ in their last byte or in length", () => {
    const seen = new Set<string>();
    for (let length = 0; length < 12; length++)
      for (let last = 0; last < 256; last++) {
        const words = new Int32Array(2);
        const bytes = new Uint8Array(length);
        if (length > 0) bytes[length - 1] = last;
        halfSipHash(bytes, { low: 1, high: 2 }, words, 0);
        seen.add(`${words[0]} ${words[1]}`);
      }
    expect(seen.size).toBe(1 + 11 * 256);
  });
});

describe("OffsetMap", () => {
  it("holds the last offset of each key, and grows to what it may take", () => {
    const map = mapOf(4_000);
    for (let index = 0; index < 3_000; index++) expect(map.put(key(index), index)).toBe(true);
    for (let index = 0; index < 3_000; index += 2) map.put(key(index), 9_000 + index);
    for (let index = 0; index < 3_000; index++)
      expect(map.get(key(index))).toBe(index % 2 === 0 ? 9_000 + index : index);
    expect(map.get(key(3_000))).toBe(-1);
    expect(map.size).toBe(3_000);
    expect(map.use).toBeCloseTo(0.75, 3);
  });

  it("takes memory for the keys that it has alone, whatever it may take", () => {
    const before = process.memoryUsage().arrayBuffers;
    const map = mapOf(4_000_000);
    expect(map.put(key(1), 1)).toBe(true);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000);
    expect(map.get(key(2))).toBe(-1);
    expect(map.size).toBe(1);
  });

  it("takes no key more once it is as full as it may be, and still those that it has", () => {
    const map = mapOf(100);
    for (let index = 0; index < 90; index++) expect(map.put(key(index), index)).toBe(true);
    expect(map.put(key(90), 90)).toBe(false);
    expect(map.latestOffset).toBe(89);
    expect(map.put(key(3), 91)).toBe(true);
    expect(map.get(key(3))).toBe(91);
    expect(map.get(key(90))).toBe(-1);
  });

  it("takes nearly as many keys as one table would, where it has many", () => {
    const map = mapOf(40_000);
    let taken = 0;
    while (map.put(key(taken), taken)) taken++;
    expect(taken).toBeGreaterThan(34_000);
    expect(taken).toBeLessThanOrEqual(36_000);
    for (let index = 0; index < taken; index += 97) expect(map.get(key(index))).toBe(index);
  });

  it("grows by little at a time, however many keys it has", () => {
    const plain = Float64Array;
    let slotsMost = 0;
    globalThis.Float64Array = class extends plain {
      constructor(slots: number) {
        super(slots);
        slotsMost = Math.max(slotsMost, slots);
      }
    } as Float64ArrayConstructor;
    try {
      const map = mapOf(2_000_000);
      for (let index = 0; index < 20_000; index++) map.put(key(index), index);
      expect(map.size).toBe(20_000);
    } finally {
      globalThis.Float64Array = plain;
    }
    // It is doubled in one go, and nobody has a turn meanwhile: one table for all would have 32,768.
    expect(slotsMost).toBeLessThanOrEqual(1024);
  });
});
