import * as fc from "fast-check";
import { expect, test, vi } from "vitest";

import { toHex } from "./bytes.ts";
import { blocksBytesMax, blockStirrer } from "./murmur3-blocks.ts";
import { murmur3 } from "./murmur3.ts";

const c1 = 0x87c37b91114253d5n;
const c2 = 0x4cf5ad432745937fn;

function rotated(word: bigint, by: bigint): bigint {
  return BigInt.asUintN(64, (word << by) | (word >> (64n - by)));
}

function times(left: bigint, right: bigint): bigint {
  return BigInt.asUintN(64, left * right);
}

function mixed(word: bigint): bigint {
  let mix = times(word ^ (word >> 33n), 0xff51afd7ed558ccdn);
  mix = times(mix ^ (mix >> 33n), 0xc4ceb9fe1a85ec53n);
  return mix ^ (mix >> 33n);
}

/** The same in whole words, as its authors tell it. */
function plainly(bytes: Uint8Array): string {
  const view = new DataView(new ArrayBuffer(Math.ceil(bytes.length / 16) * 16));
  for (const [index, byte] of bytes.entries()) view.setUint8(index, byte);
  let [h1, h2] = [104729n, 104729n];
  for (let at = 0; at < view.byteLength; at += 16) {
    const isWhole = at + 16 <= bytes.length;
    h1 ^= times(rotated(times(view.getBigUint64(at, true), c1), 31n), c2);
    if (isWhole) h1 = BigInt.asUintN(64, (rotated(h1, 27n) + h2) * 5n + 0x52dce729n);
    h2 ^= times(rotated(times(view.getBigUint64(at + 8, true), c2), 33n), c1);
    if (isWhole) h2 = BigInt.asUintN(64, (rotated(h2, 31n) + h1) * 5n + 0x38495ab5n);
  }
  h1 ^= BigInt(bytes.length);
  h2 ^= BigInt(bytes.length);
  h1 = BigInt.asUintN(64, h1 + h2);
  h2 = BigInt.asUintN(64, h2 + h1);
  [h1, h2] = [mixed(h1), mixed(h2)];
  h1 = BigInt.asUintN(64, h1 + h2);
  h2 = BigInt.asUintN(64, h2 + h1);
  return [h1, h2].map((word) => word.toString(16).padStart(16, "0")).join("");
}

test("MODEL-1: murmur3 is that of its authors, short, and with more blocks than one", () => {
  const byte = fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255));
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 150, size: "max" }), (bytes) => {
      const given = Uint8Array.from(bytes);
      expect(toHex(murmur3(given))).toBe(plainly(given));
    }),
    { numRuns: 300 },
  );
});

test("MODEL-1: murmur3 goes on where the memory for its blocks has ended", () => {
  const bytes = Uint8Array.from({ length: blocksBytesMax + 33 }, (_, index) => index * 7);
  expect(toHex(murmur3(bytes))).toBe(plainly(bytes));
});

test("blocks are left to whoever asks where the host has no WebAssembly", () => {
  expect(blockStirrer()).toBeDefined();
  vi.stubGlobal("WebAssembly", undefined);
  try {
    expect(blockStirrer()).toBeUndefined();
  } finally {
    vi.unstubAllGlobals();
  }
});
