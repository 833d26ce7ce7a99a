import type { Timestamp } from "@millrace/model";

import type { RecordQueue } from "./record-queue.ts";
import { TimeHeap } from "./time-heap.ts";

/** Chooses the queue whose head has the lowest timestamp (Kafka: `PartitionGroup`). */
export class PartitionGroup {
  /** Highest timestamp taken; -1 before the first. */
  streamTime: Timestamp = -1;
  readonly #heap = new TimeHeap<RecordQueue>();

  get isEmpty(): boolean {
    return this.#heap.size === 0;
  }

  /** Of the head that is next; Infinity if all are empty. */
  get firstTime(): Timestamp {
    return this.#heap.firstTime;
  }

  /** Puts a queue back, or in for the first time, once it has a head, which stays until it is chosen. */
  offer(queue: RecordQueue): void {
    this.#heap.offer(queue, queue.headTimestamp);
  }

  /** Takes out the queue to go on with; undefined if all are empty. */
  poll(): RecordQueue | undefined {
    return this.#heap.poll();
  }

  clear(): void {
    this.#heap.clear();
  }
}
