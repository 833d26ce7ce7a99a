import { getHeapStatistics } from "node:v8";

/** What is allocated in any case, and by chance: a page, a table that grows. */
const slackBytes = 64 * 1024;
const triesMax = 5;

/** Watches what single calls allocate, beside the size of what they were given. */
export class AllocationWatch {
  /** The greatest multiple that was seen. */
  greatest = 0;
  longestMs = 0;

  /** Runs it; what it threw is what it returns. What is allocated by chance is not allocated again and again. */
  run(sizeBytes: number, call: () => void): unknown {
    const [first, thrown] = this.#once(sizeBytes, call);
    let multiple = first;
    for (let again = 0; multiple > this.greatest && again < triesMax; again++)
      multiple = Math.min(multiple, this.#once(sizeBytes, call)[0]);
    this.greatest = Math.max(this.greatest, multiple);
    return thrown;
  }

  #once(sizeBytes: number, call: () => void): readonly [multiple: number, thrown: unknown] {
    const before = allocatedBytes();
    const startMs = performance.now();
    let thrown: unknown;
    try {
      call();
    } catch (error) {
      thrown = error;
    }
    this.longestMs = Math.max(this.longestMs, performance.now() - startMs);
    // Less than before: garbage was collected meanwhile, and nobody knows.
    const grown = allocatedBytes() - before - slackBytes;
    return [grown / Math.max(sizeBytes, 1), thrown];
  }
}

function allocatedBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}
