import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";

import { PartitionCounts, type PartitionCountsParts } from "./partition-counts.ts";
import type { QueryableStore } from "./queryable-stores.ts";

test("the cluster is asked for a number that is old, or too low, and not for one that is enough", async () => {
  const { clock, ...platform } = memoryPlatform();
  const signal = new AbortController().signal;
  let partitionCount = 2;
  let askedCount = 0;
  const describeTopics = async (): Promise<unknown> => {
    askedCount += 1;
    return new Map([["words", { partitionCount }]]);
  };
  const admin = { describeTopics } as PartitionCountsParts["admin"]; // as much of it as is asked for
  const parts = { admin, clock, metadataAgeMsMax: 100, closing: signal };
  const counts = new PartitionCounts(parts);
  const store = {
    specification: { name: "s" },
    subtopology: { sourceTopics: ["words"] },
  } as unknown as QueryableStore;
  const of = async (atLeast?: number): Promise<readonly [number, number]> => [
    await counts.of(store, signal, atLeast),
    askedCount,
  ];
  expect(counts.known(store)).toBeUndefined();
  expect(await of()).toEqual([2, 1]);
  expect(counts.known(store)).toBe(2);
  expect(await of(3)).toEqual([2, 2]);
  await platform.until(platform.timers.sleep(100));
  partitionCount = 4;
  expect(await of(2)).toEqual([2, 2]);
  expect(counts.known(store)).toBeUndefined();
  expect(await of()).toEqual([4, 3]);
  expect(counts.known(store)).toBe(4);
});
