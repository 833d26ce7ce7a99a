import type { StateBatch } from "../../coordinator/share/share-state.ts";
import { Delivery, isTerminal, nobody, recordState, type RecordState } from "./delivery.ts";
import { InFlightBatch, type Piece } from "./in-flight-batch.ts";

/** What is set for a group, asked for each time: it may change while records are on their way. */
export interface ShareLimits {
  /** Deliveries of a record before it is given up (`share.delivery.count.limit`). */
  readonly deliveryCountMax: number;
  /** Records between the first and the last that are on their way (`share.partition.max.record.locks`). */
  readonly inFlightMax: number;
  /** How long a record is its member's (`share.record.lock.duration.ms`). */
  readonly lockMs: number;
  /** Members may ask for more time (`share.renew.acknowledge.enable`). */
  readonly isRenewEnabled: boolean;
}

/**
 * The records of a partition that are on their way to a group, or have gone before others that are (Kafka: the state of
 * `SharePartition`).
 *
 *      startOffset              endOffset
 *           ▼                       ▼
 *     ──────┬───────────────────────┬──────▶ not yet delivered
 *      done │  batches, in order,   │
 *           │  gaps only after load │
 *
 * While nothing is on its way, the next record to be delivered is `endOffset` itself.
 */
export class ShareWindow {
  startOffset = 0;
  endOffset = 0;
  /** In order; none overlaps another. */
  batches: InFlightBatch[] = [];
  /** Records from the start on with which nothing more is done. */
  completeCount = 0;
  /** False: none is available, as far as is known. */
  mayHaveAvailable = false;
  /**
   * What was loaded has holes: nobody knew what became of the records there. From the first offset on they are looked
   * at again, until the end of what was loaded.
   */
  #gap: { readonly endOffset: number; startOffset: number } | undefined;

  /** Begins with what was kept. */
  load(startOffset: number, stateBatches: readonly StateBatch[]): void {
    this.startOffset = startOffset;
    this.endOffset = startOffset;
    let next = startOffset;
    let gapOffset: number | undefined;
    for (const { firstOffset, lastOffset, deliveryState, deliveryCount } of stateBatches) {
      if (firstOffset > next) gapOffset ??= next;
      next = lastOffset + 1;
      const state = stateOf(deliveryState);
      const delivery = new Delivery(state, deliveryCount, nobody);
      this.batches.push(new InFlightBatch(firstOffset, lastOffset, delivery));
      if (isTerminal(state)) this.completeCount += lastOffset - firstOffset + 1;
      this.endOffset = lastOffset;
    }
    if (this.batches.length === 0) return;
    this.mayHaveAvailable = true;
    if (gapOffset !== undefined) this.#gap = { endOffset: this.endOffset, startOffset: gapOffset };
    this.moveStart();
  }

  get isEmpty(): boolean {
    return this.batches.length === 0;
  }

  /** Records that count against `inFlightMax`. */
  get inFlightCount(): number {
    return this.isEmpty ? 0 : this.endOffset - this.startOffset + 1;
  }

  /** Where the holes begin; undefined: there are none. */
  get gapOffset(): number | undefined {
    return this.#gap?.endOffset === this.endOffset ? this.#gap.startOffset : undefined;
  }

  /** Records below the offset are looked at by now. */
  moveGap(offset: number): void {
    if (this.#gap === undefined) return;
    if (this.#gap.endOffset === this.endOffset && offset <= this.#gap.endOffset)
      this.#gap.startOffset = offset;
    else this.#gap = undefined;
  }

  /** The batch that the offset is in, or the last one before it; -1: none. */
  floorIndex(offset: number): number {
    let low = 0;
    let high = this.batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.batches[middle].firstOffset <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Those that begin within the bounds. */
  between(firstOffset: number, lastOffset: number): readonly InFlightBatch[] {
    const from = this.floorIndex(firstOffset - 1) + 1;
    return this.batches.slice(from, Math.max(from, this.floorIndex(lastOffset) + 1));
  }

  add(batch: InFlightBatch): void {
    this.batches.splice(this.floorIndex(batch.firstOffset) + 1, 0, batch);
  }

  /** The first record to be delivered next: one that is available again, one in a hole, or the one after all others. */
  nextOffset(): number {
    const last = this.batches.at(-1);
    if (last === undefined || this.startOffset > last.lastOffset) {
      this.mayHaveAvailable = false;
      return this.endOffset;
    }
    const found = this.mayHaveAvailable ? this.#firstAvailable() : undefined;
    this.mayHaveAvailable = found !== undefined;
    return found ?? this.endOffset + 1;
  }

  canAcquire({ inFlightMax }: ShareLimits): boolean {
    return this.nextOffset() !== this.endOffset + 1 || this.inFlightCount < inFlightMax;
  }

  /**
   * The start moves to the first record that something is to be done with.
   * @returns whether it has moved
   */
  moveStart(): boolean {
    if (!this.#isStartDone()) return false;
    const done = this.#lastDone();
    const last = this.batches.at(-1);
    if (done === undefined || last === undefined) return false;
    if (done.offset === last.lastOffset) {
      this.startOffset = last.lastOffset + 1;
      this.endOffset = last.lastOffset + 1;
      this.batches = [];
      this.completeCount = 0;
      return true;
    }
    const index = this.floorIndex(done.offset);
    let removed = index;
    if (done.offset === this.batches[index].lastOffset) {
      removed = index + 1;
      this.startOffset = Math.max(this.startOffset, this.batches[index + 1].firstOffset);
      const gap = this.gapOffset;
      if (gap !== undefined) this.startOffset = Math.min(gap, this.startOffset);
    } else this.startOffset = Math.max(this.startOffset, done.offset + 1);
    this.completeCount -= done.count;
    this.batches.splice(0, removed);
    return true;
  }

  /** How many of the records are not behind the start. */
  countFromStart({ firstOffset, lastOffset }: Pick<Piece, "firstOffset" | "lastOffset">): number {
    return Math.max(0, lastOffset - Math.max(this.startOffset, firstOffset) + 1);
  }

  #firstAvailable(): number | undefined {
    let gap = this.gapOffset;
    for (const batch of this.batches) {
      if (gap !== undefined) {
        if (batch.firstOffset > gap) return gap;
        gap = Math.max(batch.lastOffset + 1, gap);
      }
      for (const { firstOffset, delivery } of batch.pieces())
        if (delivery.isFree) return firstOffset;
    }
    return undefined;
  }

  #isStartDone(): boolean {
    const batch = this.batches[this.floorIndex(this.startOffset)];
    if (batch === undefined || (batch.whole === undefined && batch.lastOffset < this.startOffset))
      return false;
    const delivery = batch.at(this.startOffset);
    return !delivery.isChanging && isTerminal(delivery.state);
  }

  /** The last record of the first ones that nothing is to be done with, and how many of them count. */
  #lastDone(): { readonly offset: number; readonly count: number } | undefined {
    let offset: number | undefined;
    let count = 0;
    const gap = this.gapOffset;
    for (const batch of this.batches) {
      if (gap !== undefined && batch.lastOffset >= gap) break;
      for (const piece of batch.pieces()) {
        const { delivery, lastOffset } = piece;
        if (delivery.isChanging || !isTerminal(delivery.state))
          return offset === undefined ? undefined : { offset, count };
        offset = lastOffset;
        count += this.countFromStart(piece);
      }
    }
    return offset === undefined ? undefined : { offset, count };
  }
}

/** States that are kept are these alone: what is acquired is available again after a restart. */
function stateOf(deliveryState: number): RecordState {
  return deliveryState === recordState.acknowledged || deliveryState === recordState.archived
    ? deliveryState
    : recordState.available;
}
