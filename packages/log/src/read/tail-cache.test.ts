import { expect, test } from "vitest";
import { TailCache } from "./tail-cache.ts";

test("what is evicted is not kept alive", () => {
  const cache = new TailCache(1000);
  for (let offset = 0; offset < 50; offset++) {
    cache.add(offset, offset + 1, new Uint8Array(300));
    cache.indexOf(offset);
  }
  const kept = Array.from({ length: 50 }, (_, index) => cache.batchAt(index)?.bytes.length ?? 0);
  expect(kept.reduce((sum, size) => sum + size, 0)).toBe(cache.sizeBytes);
  expect(cache.sizeBytes).toBe(900);
});

test("goes on after everything was evicted", () => {
  const cache = new TailCache(1000);
  cache.add(0, 5, new Uint8Array(300));
  cache.setBytesMax(0);
  cache.setBytesMax(1000);
  cache.add(9, 10, new Uint8Array(300));
  expect(cache.indexOf(4)).toBe(-1);
  expect(cache.batchAt(cache.indexOf(9))?.nextOffset).toBe(10);
});

test("keeps nothing while nobody reads at the tail, and again once somebody does", () => {
  const cache = new TailCache(1000);
  const add = (offset: number) => cache.add(offset, offset + 1, new Uint8Array(300));
  for (let offset = 0; offset < 13; offset++) add(offset);
  expect(cache.sizeBytes).toBe(900);
  add(13);
  expect(cache.sizeBytes).toBe(0);
  add(14);
  expect(cache.indexOf(14)).toBe(-1);
  cache.reachedTail();
  add(15);
  expect(cache.batchAt(cache.indexOf(15))?.nextOffset).toBe(16);
});
