import type { HeapParts } from "./heap-parts.ts";

/** What a process takes: all of it, its heap after a collection, and what lies beside the heap. In bytes. */
export interface MemorySample extends HeapParts {
  readonly kind: "memory";
  readonly atMs: number;
  readonly rss: number;
  readonly external: number;
}

/** The sample that a line tells, if it is one. */
export function sampleOf(line: string): MemorySample | undefined {
  return line.startsWith('{"kind":"memory"') ? (JSON.parse(line) as MemorySample) : undefined;
}
