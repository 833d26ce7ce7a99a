import type { Offset } from "@millrace/model";

/** Told about every change until it is cancelled. Must not throw. */
export type PartitionWaiter = () => void;

export interface PartitionWait {
  /** Calling twice is fine. */
  cancel(): void;
}

interface ReachWait {
  readonly endOffset: Offset;
  readonly callback: (failure: Error | undefined) => void;
}

/** Who waits for a partition: writers for the high watermark to reach their records, readers for any change. */
export class PartitionWaits {
  readonly #readers = new Set<PartitionWaiter>();
  #writers: ReachWait[] = [];
  #isNotifying = false;

  /** Called back in the order of the calls, which is that of the offsets. */
  addWriter(endOffset: Offset, callback: (failure: Error | undefined) => void): void {
    this.#writers.push({ endOffset, callback });
  }

  addReader(reader: PartitionWaiter): PartitionWait {
    this.#readers.add(reader);
    return { cancel: () => this.#readers.delete(reader) };
  }

  /** The high watermark is here. */
  reached(offset: Offset): void {
    const writers = this.#writers;
    let count = 0;
    while (count < writers.length && writers[count].endOffset <= offset) count++;
    if (count > 0) {
      this.#writers = writers.slice(count);
      for (let index = 0; index < count; index++) writers[index].callback(undefined);
    }
    this.changed();
  }

  failed(failure: Error): void {
    const writers = this.#writers;
    this.#writers = [];
    for (const { callback } of writers) callback(failure);
    this.changed();
  }

  /** Readers are told once per turn, and never in the middle of an append. */
  changed(): void {
    if (this.#isNotifying || this.#readers.size === 0) return;
    this.#isNotifying = true;
    queueMicrotask(() => {
      this.#isNotifying = false;
      for (const reader of this.#readers) reader();
    });
  }
}
