import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../protocol-error.ts";
import { compressionNames } from "../records/compression.ts";
import { nodeCompression } from "./node-compression.ts";
import { xxhash32 } from "./xxhash32.ts";

const sizeBytesMax = 1_000_000;
/** Bytes that repeat themselves, at lengths around the borders of the formats. */
const repetitive = fc
  .array(fc.tuple(fc.uint8Array({ maxLength: 80 }), fc.integer({ min: 1, max: 400 })), {
    maxLength: 12,
  })
  .map((parts) => {
    const bytes = parts.flatMap(([part, count]) =>
      Array.from({ length: count }, () => [...part]).flat(),
    );
    return Uint8Array.from(bytes.slice(0, sizeBytesMax));
  });

describe.each([1, 2, 3, 4])("codec %i", (id) => {
  const name = compressionNames[id];

  it(`${name} gives back what it was given`, () => {
    fc.assert(
      fc.property(repetitive, (bytes) => {
        const packed = nodeCompression.compress(id, bytes);
        expect(nodeCompression.decompress(id, packed, sizeBytesMax)).toEqual(bytes);
      }),
      { numRuns: 60 },
    );
  });

  it(`${name} makes text smaller, and takes what cannot be made smaller`, () => {
    const text = new TextEncoder().encode('{"customer":"Ada","total":12.5}'.repeat(9000));
    expect(nodeCompression.compress(id, text).length).toBeLessThan(text.length / 10);
    let seed = 1;
    const noise = Uint8Array.from(
      { length: 200_000 },
      () => (seed = Math.imul(seed, 48_271)) >>> 16,
    );
    const packed = nodeCompression.compress(id, noise);
    expect(nodeCompression.decompress(id, packed, sizeBytesMax)).toEqual(noise);
  });

  it(`${name} meets bytes that are cut or changed with a ProtocolError`, () => {
    const bytes = new TextEncoder().encode("once upon a time, upon a time ".repeat(50));
    const packed = nodeCompression.compress(id, bytes);
    fc.assert(
      fc.property(fc.nat(packed.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = packed.slice();
        changed[at] ^= flip;
        for (const broken of [changed, packed.slice(0, at)]) {
          try {
            nodeCompression.decompress(id, broken, sizeBytesMax);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        }
      }),
    );
  });

  it(`${name} stops where the output would become too large`, () => {
    const packed = nodeCompression.compress(id, new Uint8Array(100_000));
    expect(() => nodeCompression.decompress(id, packed, 50_000)).toThrow(
      expect.objectContaining({ code: "MALFORMED_BATCH" }),
    );
  });
});

it("snappy is read without xerial's frame, too", () => {
  const bare = Uint8Array.of(8, (3 - 1) << 2, 97, 98, 99, ((5 - 4) << 2) | 1, 3);
  expect(nodeCompression.decompress(2, bare, 100)).toEqual(new TextEncoder().encode("abcabcab"));
});

it("xxhash32 is xxHash's", () => {
  const text = new TextEncoder().encode("Nobody inspects the spammish repetition");
  expect(xxhash32(text, 0, text.length)).toBe(0xe2293b2f);
  expect(xxhash32(text, 0, 0)).toBe(0x02cc5d05);
});

it("zstd is read in several frames, and not in so many that each costs more than its bytes", () => {
  const frame = nodeCompression.compress(4, Uint8Array.of(7));
  const framed = (count: number) => Buffer.concat(Array.from({ length: count }, () => frame));
  expect(nodeCompression.decompress(4, framed(3), sizeBytesMax)).toEqual(Uint8Array.of(7, 7, 7));
  expect(() => nodeCompression.decompress(4, framed(2000), sizeBytesMax)).toThrow(
    expect.objectContaining({ code: "MALFORMED_BATCH" }),
  );
});
