import { expect, test } from "vitest";
import { batchOverheadBytes, TailCache } from "./tail-cache.ts";

/** Three batches of 300 bytes fit into it. */
const bytesMax = 1000 + 3 * batchOverheadBytes;

test("what is evicted is not kept alive", () => {
  const cache = new TailCache(bytesMax);
  for (let offset = 0; offset < 50; offset++) {
    cache.add(offset, offset + 1, new Uint8Array(300));
    cache.indexOf(offset);
  }
  const kept = Array.from({ length: 50 }, (_, index) => cache.batchAt(index)?.bytes.length ?? 0);
  expect(kept.reduce((sum, size) => sum + size, 0)).toBe(900);
  expect(cache.sizeBytes).toBe(900 + 3 * batchOverheadBytes);
});

test("goes on after everything was evicted", () => {
  const cache = new TailCache(bytesMax);
  cache.add(0, 5, new Uint8Array(300));
  cache.setBytesMax(0);
  cache.setBytesMax(bytesMax);
  cache.add(9, 10, new Uint8Array(300));
  expect(cache.indexOf(4)).toBe(-1);
  expect(cache.batchAt(cache.indexOf(9))?.nextOffset).toBe(10);
});

test("keeps nothing while nobody reads at the tail, and again once somebody does", () => {
  const cache = new TailCache(bytesMax);
  const add = (offset: number) => cache.add(offset, offset + 1, new Uint8Array(300));
  for (let offset = 0; offset < 12; offset++) add(offset);
  expect(cache.sizeBytes).toBe(900 + 3 * batchOverheadBytes);
  add(12);
  expect(cache.sizeBytes).toBe(0);
  add(13);
  expect(cache.indexOf(13)).toBe(-1);
  cache.reachedTail();
  add(14);
  expect(cache.batchAt(cache.indexOf(14))?.nextOffset).toBe(15);
});

test("counts what small batches take beside their bytes", () => {
  const cache = new TailCache(1_048_576);
  const markerBytes = 78;
  let kept = 0;
  for (let offset = 0; offset < 20_000; offset++) {
    cache.add(offset, offset + 1, new Uint8Array(markerBytes));
    cache.reachedTail();
  }
  for (let index = 0; cache.batchAt(index) !== undefined; index++)
    if (cache.batchAt(index)?.bytes.length === markerBytes) kept++;
  expect(kept * (markerBytes + batchOverheadBytes)).toBeLessThanOrEqual(1_048_576);
  expect(kept).toBeGreaterThan(3_000);
});
