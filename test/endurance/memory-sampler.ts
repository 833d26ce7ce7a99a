import { setInterval } from "node:timers";

import { heapParts } from "./heap-parts.ts";
import type { MemorySample } from "./memory-sample.ts";

/* Loaded before a program (`--expose-gc --import`): tells the memory of its process once in a while, as a line of JSON. */

const everyMs = 5_000;
const startMs = performance.now();

setInterval(() => {
  globalThis.gc?.();
  const { rss, external } = process.memoryUsage();
  const atMs = performance.now() - startMs;
  const sample: MemorySample = { kind: "memory", atMs, rss, external, ...heapParts() };
  console.log(JSON.stringify(sample));
}, everyMs).unref();
