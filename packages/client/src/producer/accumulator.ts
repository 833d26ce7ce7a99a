import type { Offset, TopicPartition } from "@millrace/model";
import { invariant, topicPartitionName } from "@millrace/model";
import type { Platform, Timer } from "@millrace/platform";
import { PartitionBatches, ProducerBatch } from "./partition-batches.ts";

export interface AccumulatorOptions {
  readonly platform: Platform;
  readonly lingerMs: number;
  readonly batchBytesMax: number;
  readonly bufferBytesMax: number;
  readonly recordBytesMax: number;
  /** Told that a partition has a sealed batch. */
  readonly onSealed: (owner: PartitionBatches) => void;
  /** Throws why nothing may be appended. */
  readonly refuse: () => never;
}

/** Share of the buffer below which `drained` resolves, so that it is not asked for at each batch. */
const drainedShare = 0.75;

/**
 * All partitions of one writer: what is open, how long it lingers, how many bytes are not yet
 * acknowledged, and who waits for it. CLIENT-6: the bytes counted are those of batches not yet settled.
 */
export class Accumulator {
  readonly batchBytesMax: number;
  readonly recordBytesMax: number;
  /** True: `append` must ask `refuse` first. */
  isRefusing = false;
  readonly #options: AccumulatorOptions;
  readonly #partitions = new Map<string, PartitionBatches>();
  readonly #lingering: ProducerBatch[] = [];
  #lingerTimer: Timer | undefined;
  #isSealScheduled = false;
  #bufferedBytes = 0;
  #hasRoom = true;
  #flushEpoch = 0;
  /** Batches of this epoch and later ones wait; undefined: none do. */
  #heldFrom: number | undefined;
  #isBeforeDivision = false;
  /** Partitions with batches that were sealed meanwhile. */
  #untold: PartitionBatches[] = [];
  /** Batches not yet settled, by the flush that waits for them. */
  readonly #unsettled = new Map<number, number>();
  readonly #written = new Set<PartitionBatches>();
  #waiters: { readonly isDone: () => boolean; readonly resolve: () => void }[] = [];

  constructor(options: AccumulatorOptions) {
    this.#options = options;
    this.batchBytesMax = options.batchBytesMax;
    this.recordBytesMax = options.recordBytesMax;
  }

  get hasRoom(): boolean {
    return this.#hasRoom;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  get hasUnsettled(): boolean {
    return this.#unsettled.size > 0;
  }

  get partitions(): Iterable<PartitionBatches> {
    return this.#partitions.values();
  }

  partition(topic: string, partition: number): PartitionBatches {
    const name = topicPartitionName(topic, partition);
    let batches = this.#partitions.get(name);
    if (batches === undefined) {
      batches = new PartitionBatches(topic, partition);
      this.#partitions.set(name, batches);
    }
    return batches;
  }

  /** @throws why nothing may be appended; returns if it may after all */
  refuse(): void {
    this.#options.refuse();
  }

  newBatch(
    owner: PartitionBatches,
    { ordinal, capacityBytes }: { readonly ordinal: number; readonly capacityBytes: number },
  ): ProducerBatch {
    const { platform, lingerMs } = this.#options;
    const createdMs = platform.clock.monotonicMs();
    const heldFrom = this.#heldFrom;
    const isBefore = this.#isBeforeDivision && heldFrom !== undefined;
    const flushEpoch = isBefore ? heldFrom - 1 : this.#flushEpoch;
    const appendIndexes = owner.appendedCount;
    const batch = new ProducerBatch({
      owner,
      ordinal,
      createdMs,
      flushEpoch,
      capacityBytes,
      appendIndexes,
    });
    this.#countUnsettled(flushEpoch, 1);
    if (lingerMs === 0) this.#sealSoon();
    else {
      this.#lingering.push(batch);
      this.#lingerTimer ??= platform.timers.after(lingerMs, () => this.#sealLingering());
    }
    return batch;
  }

  /** Counts what a record has added. */
  grow(batch: ProducerBatch, sizeBytes: number): void {
    this.#bufferedBytes += sizeBytes - batch.sizeBytes;
    batch.sizeBytes = sizeBytes;
    batch.recordCount++;
    if (this.#bufferedBytes >= this.#options.bufferBytesMax && this.#hasRoom) {
      this.#hasRoom = false;
      // What lingers must go, or nothing would ever make room.
      this.sealAll();
    }
  }

  seal(owner: PartitionBatches): void {
    const batch = owner.takeOpen();
    if (batch === undefined) return;
    if (batch.recordCount === 0) {
      // It was opened for a record that could not be encoded.
      this.settle(batch);
      return;
    }
    if (this.isHeld(batch)) owner.queue.push(batch);
    else owner.enqueueBefore(batch, (other) => this.isHeld(other));
    if (this.#isBeforeDivision) this.#untold.push(owner);
    else this.#options.onSealed(owner);
  }

  sealAll(): void {
    for (const owner of this.#partitions.values()) this.seal(owner);
  }

  /** Takes a part of a batch that was divided into account. */
  addPart(batch: ProducerBatch): void {
    this.#countUnsettled(batch.flushEpoch, 1);
    this.#bufferedBytes += batch.sizeBytes;
  }

  /** The batch needs nothing any more: acknowledged, or failed. */
  settle(batch: ProducerBatch): void {
    this.#bufferedBytes -= batch.sizeBytes;
    invariant(this.#bufferedBytes >= 0, "CLIENT-6", this.#bufferedBytes);
    batch.sizeBytes = 0;
    batch.bytes = undefined;
    if (!this.#hasRoom && this.#bufferedBytes <= this.#options.bufferBytesMax * drainedShare)
      this.#hasRoom = true;
    this.#countUnsettled(batch.flushEpoch, -1);
    invariant(this.hasUnsettled || this.#bufferedBytes === 0, "CLIENT-6", this.#bufferedBytes);
    this.wakeWaiters();
  }

  markWritten(owner: PartitionBatches, endOffset: Offset): void {
    if (endOffset > (owner.endOffset ?? -1)) owner.endOffset = endOffset;
    this.#written.add(owner);
  }

  /** Partitions written since the last call. */
  takeWritten(): readonly (TopicPartition & { readonly endOffset: Offset })[] {
    const written = [...this.#written].flatMap(({ topic, partition, endOffset }) =>
      endOffset === undefined ? [] : [{ topic, partition, endOffset }],
    );
    this.#written.clear();
    return written;
  }

  /** True: what is appended waits for `release`. */
  get isDivided(): boolean {
    return this.#heldFrom !== undefined;
  }

  /** What is appended from now on waits for `release`. */
  divide(): void {
    this.sealAll();
    this.#heldFrom = ++this.#flushEpoch;
  }

  release(): void {
    this.#heldFrom = undefined;
  }

  /** What was appended before a division may be sent. */
  tellSealed(): void {
    for (const owner of this.#untold.splice(0)) this.#options.onSealed(owner);
  }

  /** True: what is appended goes before what is held. */
  get isBeforeDivision(): boolean {
    return this.#isBeforeDivision;
  }

  /** Calls back who may append to what comes before a division, if there is one; `tellSealed` has that sent. */
  beforeDivision<Answer>(callback: () => Answer): Answer {
    this.#isBeforeDivision = this.isDivided;
    try {
      return callback();
    } finally {
      this.#isBeforeDivision = false;
    }
  }

  isHeld({ flushEpoch }: ProducerBatch): boolean {
    return this.#heldFrom !== undefined && flushEpoch >= this.#heldFrom;
  }

  /**
   * Seals all that is open; resolves once all that was appended before, or before `divide`, is settled, or `isOver`.
   */
  flushed(isOver: () => boolean): Promise<void> {
    if (this.#heldFrom === undefined) this.sealAll();
    const epoch = this.#heldFrom === undefined ? this.#flushEpoch++ : this.#heldFrom - 1;
    return this.#until(() => isOver() || this.#oldestUnsettled() > epoch);
  }

  drained(isOver: () => boolean): Promise<void> {
    return this.#until(() => isOver() || this.#hasRoom);
  }

  /** Asks again those who wait. */
  wakeWaiters(): void {
    if (this.#waiters.length === 0) return;
    const done = this.#waiters.filter(({ isDone }) => isDone());
    if (done.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !done.includes(waiter));
    for (const { resolve } of done) resolve();
  }

  /** Takes all that is not with a broker out, for it to be failed. */
  takeUnsent(): readonly ProducerBatch[] {
    const unsent: ProducerBatch[] = [];
    for (const owner of this.#partitions.values()) {
      unsent.push(...owner.queue.splice(0));
      const open = owner.takeOpen();
      if (open !== undefined) unsent.push(open);
    }
    return unsent;
  }

  close(): void {
    this.#lingerTimer?.cancel();
    this.#lingerTimer = undefined;
  }

  #until(isDone: () => boolean): Promise<void> {
    if (isDone()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ isDone, resolve });
    });
  }

  #oldestUnsettled(): number {
    return Math.min(...this.#unsettled.keys());
  }

  #countUnsettled(epoch: number, change: 1 | -1): void {
    const count = (this.#unsettled.get(epoch) ?? 0) + change;
    invariant(count >= 0, "CLIENT-6", "a batch was settled twice");
    if (count === 0) this.#unsettled.delete(epoch);
    else this.#unsettled.set(epoch, count);
  }

  #sealSoon(): void {
    if (this.#isSealScheduled) return;
    this.#isSealScheduled = true;
    queueMicrotask(() => {
      this.#isSealScheduled = false;
      this.sealAll();
    });
  }

  #sealLingering(): void {
    const { platform, lingerMs } = this.#options;
    const now = platform.clock.monotonicMs();
    let count = 0;
    for (const batch of this.#lingering) {
      if (batch.owner.open === batch) {
        if (batch.createdMs + lingerMs > now) break;
        this.seal(batch.owner);
      }
      count++;
    }
    this.#lingering.splice(0, count);
    const next = this.#lingering.at(0);
    this.#lingerTimer =
      next === undefined
        ? undefined
        : platform.timers.after(Math.max(0, next.createdMs + lingerMs - now), () =>
            this.#sealLingering(),
          );
  }
}
