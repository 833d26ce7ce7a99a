import { describe, expect, it } from "vitest";
import { array, bool, bytes, int16, int32, int64, records, string, struct } from "./field.ts";
import { decodeMessage, encodeMessage } from "./codec.ts";
import { message } from "./message.ts";
import { decodeVersionedForward, encodeVersioned } from "./versioned.ts";

const sample = message(
  "Sample",
  { min: 0, max: 3, flexibleSince: 2 },
  {
    name: string(),
    ids: array(int32(), { nullable: 1 }),
    strict: int16({ since: 1, default: -1 }),
    loose: int16({ since: 1, default: -1, ignorable: true }),
    late: string({ since: 3, tag: 5, nullable: true, default: null }),
    count: int64({ since: 3, tag: 1 }),
    place: struct({ x: int32(), y: int32({ default: 7 }) }, { since: 3, tag: 2 }),
    maybe: struct({ flag: bool() }, { since: 2, nullable: true, default: null }),
  },
);

const least = { name: "a", ids: [] };

describe("codec", () => {
  it("fills in defaults for what a version lacks or the caller leaves out", () => {
    const value = decodeMessage(sample, 0, encodeMessage(sample, 0, least));
    expect(value).toEqual({
      name: "a",
      ids: [],
      strict: -1,
      loose: -1,
      late: null,
      count: 0,
      place: { x: 0, y: 7 },
      maybe: null,
    });
  });

  it("refuses a value that the version cannot carry, unless it may be ignored", () => {
    expect(() => encodeMessage(sample, 0, { ...least, strict: 3 })).toThrow(/Sample\.strict/);
    expect(decodeMessage(sample, 0, encodeMessage(sample, 0, { ...least, loose: 3 })).loose).toBe(
      -1,
    );
  });

  it("has fixed bytes before the flexible version and compact ones after", () => {
    expect([...encodeMessage(sample, 1, { name: "ab", ids: [5], strict: 1, loose: 2 })]).toEqual([
      0, 2, 97, 98, 0, 0, 0, 1, 0, 0, 0, 5, 0, 1, 0, 2,
    ]);
    expect([...encodeMessage(sample, 2, { name: "ab", ids: null, strict: 1, loose: 2 })]).toEqual([
      3, 97, 98, 0, 0, 1, 0, 2, 255, 0,
    ]);
  });

  it("writes tags in ascending order and leaves out those with their default", () => {
    const bytesOf = encodeMessage(sample, 3, { ...least, late: "z", count: 1, place: { x: 0 } });
    expect([...bytesOf.subarray(-15)]).toEqual([2, 1, 8, 0, 0, 0, 0, 0, 0, 0, 1, 5, 2, 2, 122]);
    expect(decodeMessage(sample, 3, bytesOf)).toMatchObject({
      late: "z",
      count: 1,
      place: { x: 0, y: 7 },
    });
  });

  it("skips unknown tags, in any order and more than once", () => {
    const head = [2, 97, 1, 255, 255, 255, 255, 255];
    const tags = [4, 99, 1, 0, 1, 8, 0, 0, 0, 0, 0, 0, 0, 9, 99, 2, 0, 0, 5, 2, 2, 122];
    const value = decodeMessage(sample, 3, Uint8Array.of(...head, ...tags));
    expect(value).toMatchObject({ count: 9, late: "z" });
  });

  it("does not hold the size of a known tag against its field, as Kafka does not", () => {
    const tags = [1, 1, 9, 0, 0, 0, 0, 0, 0, 0, 9];
    const wrong = Uint8Array.of(2, 97, 1, 255, 255, 255, 255, 255, ...tags);
    expect(decodeMessage(sample, 3, wrong).count).toBe(9);
  });

  it("takes a list of length -2 for null where null is allowed, and refuses it elsewhere", () => {
    const minusTwo = Uint8Array.of(0, 1, 97, 255, 255, 255, 254, 0, 0, 0, 0);
    expect(decodeMessage(sample, 1, minusTwo).ids).toBeNull();
    expect(() => decodeMessage(sample, 0, minusTwo)).toThrow(/Sample\.ids has length -2/);
    expect(() => encodeMessage(sample, 0, { ...least, ids: null })).toThrow(/Sample\.ids is null/);
  });

  it("takes a boolean of 2 for true", () => {
    const flag = message("Flag", { min: 0, max: 0 }, { flag: bool() });
    expect(decodeMessage(flag, 0, Uint8Array.of(2)).flag).toBe(true);
  });

  it("PROTOCOL-4: bytes decode to views and are encoded without a copy", () => {
    const blob = message("Blob", { min: 0, max: 0 }, { head: bytes(), batches: records() });
    const slices = [new Uint8Array(600).fill(1), new Uint8Array(700).fill(2)];
    const encoded = encodeMessage(blob, 0, { head: Uint8Array.of(9), batches: slices });
    const decoded = decodeMessage(blob, 0, encoded);
    expect(decoded.batches.buffer).toBe(encoded.buffer);
    expect(decoded.batches.length).toBe(1300);
    expect([...decoded.head]).toEqual([9]);
  });

  it("refuses versions that are not known", () => {
    expect(() => decodeMessage(sample, 4, new Uint8Array(9))).toThrow(
      /Sample version 4 is not known; use 0 to 3/,
    );
    expect(() => encodeMessage(sample, -1, least)).toThrow(/version -1/);
  });

  it("refuses values out of range instead of wrapping them", () => {
    expect(() => encodeMessage(sample, 1, { ...least, strict: 40_000 })).toThrow(/40000/);
    expect(() => encodeMessage(sample, 1, { ...least, ids: [1.5] })).toThrow(/1\.5/);
    expect(() => encodeMessage(sample, 0, { ...least, name: "x".repeat(32_768) })).toThrow(
      /32768 bytes/,
    );
  });

  it("reads versions above the highest known as that one where the format only grows", () => {
    const known = encodeVersioned(sample, 3, { ...least, count: 4 });
    const later = Uint8Array.of(0, 9, ...known.subarray(2), 1, 2, 3);
    expect(decodeVersionedForward(sample, later).count).toBe(4);
    expect(() => decodeVersionedForward(sample, Uint8Array.of(255, 255))).toThrow(/version -1/);
  });
});
