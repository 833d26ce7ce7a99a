import type { Timestamp } from "@millrace/model";

import type { RecordQueue } from "./record-queue.ts";

/**
 * Chooses the queue whose head has the lowest timestamp: a binary heap that breaks ties as Kafka's
 * `java.util.PriorityQueue` does, so that equal inputs give equal outputs (Kafka: `PartitionGroup`).
 */
export class PartitionGroup {
  /** Highest timestamp taken; -1 before the first. */
  streamTime: Timestamp = -1;
  readonly #heap: RecordQueue[] = [];

  get isEmpty(): boolean {
    return this.#heap.length === 0;
  }

  /** Queues that have a head. */
  get size(): number {
    return this.#heap.length;
  }

  /** Puts a queue back, or in for the first time, once it has a head. */
  offer(queue: RecordQueue): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(queue);
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (queue.headTimestamp >= heap[parent].headTimestamp) break;
      heap[index] = heap[parent];
      index = parent;
    }
    heap[index] = queue;
  }

  /** Takes out the queue to go on with; undefined if all are empty. */
  poll(): RecordQueue | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    const size = heap.length;
    let index = 0;
    while (index < size >>> 1) {
      let child = 2 * index + 1;
      if (child + 1 < size && heap[child].headTimestamp > heap[child + 1].headTimestamp) child += 1;
      if (last.headTimestamp <= heap[child].headTimestamp) break;
      heap[index] = heap[child];
      index = child;
    }
    heap[index] = last;
    return top;
  }

  clear(): void {
    this.#heap.length = 0;
  }
}
