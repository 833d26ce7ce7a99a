import { Delivery, nobody, recordState } from "./delivery.ts";
import { InFlightBatch } from "./in-flight-batch.ts";
import { archiveBetween } from "./archive.ts";
import type { ShareLimits, ShareWindow } from "./share-window.ts";

/** Records that were acquired, as the member is told. */
export interface AcquiredRecords {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly deliveryCount: number;
}

/** A batch that was read for the member. */
export interface FetchedBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  /** Of a transaction that was aborted, for a group that reads what is committed. */
  readonly isAborted: boolean;
}

export interface AcquireRequest {
  readonly memberId: string;
  /** True: not more records than are asked for, even if a batch is cut by that (KIP-1206). */
  readonly isRecordLimit: boolean;
  /** Records that the member would like to be told as one, at most. */
  readonly batchSize: number;
  readonly recordsMax: number;
  /** Where was read from. */
  readonly fetchOffset: number;
  readonly fetched: readonly FetchedBatch[];
  readonly nowMs: number;
  readonly limits: ShareLimits;
}

/** Records that were delivered that often come in smaller portions, so that a bad one among them is found. */
function throttledFrom(deliveryCountMax: number): number {
  return Math.max(2, Math.ceil(deliveryCountMax / 2));
}

/** Gives a member records of what was read (Kafka: `SharePartition.acquire`). */
export function acquire(window: ShareWindow, request: AcquireRequest): readonly AcquiredRecords[] {
  const first = request.fetched.at(0);
  const last = request.fetched.at(-1);
  if (first === undefined || last === undefined || request.recordsMax <= 0) return [];
  if (last.lastOffset < window.startOffset) return [];
  const bounds = boundsOf(window, request, last.lastOffset);
  if (bounds.recordsMax <= 0) return [];
  if (request.fetchOffset < first.baseOffset)
    // Records that were there are gone from the log: compacted, or lost.
    archiveBetween(window, request.fetchOffset, {
      lastOffset: first.baseOffset - 1,
      state: recordState.available,
    });
  const acquired = new Acquisition(window, request, bounds).run();
  return withoutAborted(window, request.fetched, acquired);
}

interface Bounds {
  readonly lastOffset: number;
  readonly recordsMax: number;
}

/** No new records while too many are on their way, only such as are available again. */
function boundsOf(window: ShareWindow, request: AcquireRequest, lastOffset: number): Bounds {
  const { recordsMax, fetchOffset, limits } = request;
  const room = Math.min(recordsMax, limits.inFlightMax - window.inFlightCount);
  if (room > 0 || fetchOffset > window.endOffset) return { lastOffset, recordsMax: room };
  return {
    lastOffset: Math.min(lastOffset, window.endOffset),
    recordsMax: Math.min(recordsMax, window.endOffset - fetchOffset + 1),
  };
}

class Acquisition {
  readonly #window: ShareWindow;
  readonly #request: AcquireRequest;
  readonly #lastOffset: number;
  readonly #result: AcquiredRecords[] = [];
  #remaining: number;

  constructor(window: ShareWindow, request: AcquireRequest, { lastOffset, recordsMax }: Bounds) {
    this.#window = window;
    this.#request = request;
    this.#lastOffset = lastOffset;
    this.#remaining = recordsMax;
  }

  run(): readonly AcquiredRecords[] {
    const window = this.#window;
    const { baseOffset } = this.#request.fetched[0];
    let from = baseOffset;
    const floor = window.batches[window.floorIndex(baseOffset)];
    if (floor === undefined) from = Math.max(from, window.startOffset);
    else if (floor.lastOffset >= baseOffset) from = floor.firstOffset;
    const known = window.between(Math.min(baseOffset, from), this.#lastOffset);
    if (known.length === 0) {
      this.#acquireNew(from, this.#lastOffset);
      return this.#result;
    }
    let next = from;
    for (const batch of known) {
      if (this.#remaining <= 0) break;
      if (window.gapOffset !== undefined) {
        if (next < batch.firstOffset) this.#acquireNew(next, batch.firstOffset - 1);
        next = batch.lastOffset + 1;
        if (this.#remaining <= 0) break;
      }
      this.#acquireKnown(batch, baseOffset);
    }
    const lastKnown = known[known.length - 1].lastOffset;
    if (this.#remaining > 0 && lastKnown < this.#lastOffset)
      this.#acquireNew(lastKnown + 1, this.#lastOffset);
    const lastAcquired = this.#result.at(-1);
    if (lastAcquired !== undefined) window.moveGap(lastAcquired.lastOffset + 1);
    return this.#result;
  }

  get #lockUntilMs(): number {
    return this.#request.nowMs + this.#request.limits.lockMs;
  }

  #add(records: AcquiredRecords): void {
    this.#result.push(records);
  }

  /** Records that were delivered before, as far as they are available. */
  #acquireKnown(batch: InFlightBatch, baseOffset: number): void {
    const { isRecordLimit, memberId } = this.#request;
    const isThrottled = this.#isThrottled(batch, baseOffset);
    if (isThrottled && this.#result.length > 0) {
      this.#remaining = 0;
      return;
    }
    const isCut = isRecordLimit && batch.size > this.#remaining;
    const { whole } = batch;
    if (whole !== undefined && !whole.isFree) return;
    if (whole !== undefined && batch.isWithin(baseOffset, this.#lastOffset)) {
      if (!isCut && !isThrottled) {
        whole.acquire(memberId, this.#lockUntilMs);
        const { firstOffset, lastOffset } = batch;
        this.#add({ firstOffset, lastOffset, deliveryCount: whole.count });
        this.#remaining -= batch.size;
        return;
      }
    }
    batch.split();
    const count = this.#acquireEach(batch, baseOffset);
    this.#remaining = isThrottled && count > 0 ? 0 : this.#remaining - count;
  }

  #acquireEach(batch: InFlightBatch, baseOffset: number): number {
    const { isRecordLimit, limits, memberId } = this.#request;
    const { deliveryCountMax } = limits;
    const throttled = throttledFrom(deliveryCountMax);
    const recordsMax = this.#remaining;
    let throttledMax: number | undefined;
    let count = 0;
    const acquired: AcquiredRecords[] = [];
    for (const { firstOffset, delivery } of batch.pieces(baseOffset, this.#lastOffset)) {
      if (!delivery.isFree) continue;
      // Its last chance has a record alone.
      const isLast = deliveryCountMax > 2 && delivery.count === deliveryCountMax - 1;
      if (isLast && count > 0) break;
      if (delivery.count >= throttled)
        throttledMax ??= Math.max(1, batch.size >> (delivery.count - throttled + 1));
      delivery.acquire(memberId, this.#lockUntilMs);
      appendRecords(acquired, {
        firstOffset,
        lastOffset: firstOffset,
        deliveryCount: delivery.count,
      });
      count++;
      if (isLast || (isRecordLimit && count === recordsMax) || count === throttledMax) break;
    }
    for (const records of acquired) this.#add(records);
    return count;
  }

  #isThrottled(batch: InFlightBatch, baseOffset: number): boolean {
    const throttled = throttledFrom(this.#request.limits.deliveryCountMax);
    return batch
      .pieces(baseOffset, this.#lastOffset)
      .some(({ delivery }) => delivery.isFree && delivery.count >= throttled);
  }

  /** Records that were never delivered. */
  #acquireNew(firstOffset: number, lastOffset: number): void {
    const window = this.#window;
    const { isRecordLimit, fetched } = this.#request;
    const recordsMax = this.#remaining;
    const first = window.isEmpty ? Math.max(firstOffset, window.endOffset) : firstOffset;
    let last = lastOffset;
    if (recordsMax < last - first + 1) {
      last = endOfBatch(fetched, first + recordsMax - 1);
      if (window.gapOffset !== undefined) last = Math.min(last, lastOffset);
    }
    const isCut = isRecordLimit && last - first + 1 > recordsMax;
    const end = isCut ? first + recordsMax - 1 : last;
    const added = isCut ? this.#addCut(first, last, end) : this.#addWhole(first, last);
    for (const records of added) this.#add(records);
    if (window.batches[0].firstOffset === first) window.startOffset = first;
    window.endOffset = Math.max(window.endOffset, last);
    window.moveGap((isRecordLimit ? end : last) + 1);
    this.#remaining -= last - first + 1;
  }

  /** The rest of the batch is available for others at once. */
  #addCut(first: number, last: number, end: number): readonly AcquiredRecords[] {
    const batch = new InFlightBatch(first, last, new Delivery(recordState.available, 0, nobody));
    batch.split();
    for (let offset = first; offset <= end; offset++)
      batch.at(offset).acquire(this.#request.memberId, this.#lockUntilMs);
    this.#window.add(batch);
    this.#window.mayHaveAvailable = true;
    return [{ firstOffset: first, lastOffset: end, deliveryCount: 1 }];
  }

  #addWhole(first: number, last: number): readonly AcquiredRecords[] {
    const { memberId } = this.#request;
    const portions = this.#portionsOf(first, last);
    for (const { firstOffset, lastOffset } of portions) {
      const delivery = new Delivery(recordState.acquired, 1, memberId, this.#lockUntilMs);
      this.#window.add(new InFlightBatch(firstOffset, lastOffset, delivery));
    }
    return portions;
  }

  /** Cut where batches begin, as the member likes them. */
  #portionsOf(first: number, last: number): readonly AcquiredRecords[] {
    const { fetched, batchSize, isRecordLimit } = this.#request;
    const portions: AcquiredRecords[] = [];
    let firstOffset = first;
    if (!isRecordLimit && last - first + 1 > batchSize)
      for (const { baseOffset } of fetched) {
        if (baseOffset > last) break;
        if (baseOffset - firstOffset < batchSize || baseOffset <= firstOffset) continue;
        portions.push({ firstOffset, lastOffset: baseOffset - 1, deliveryCount: 1 });
        firstOffset = baseOffset;
      }
    portions.push({ firstOffset, lastOffset: last, deliveryCount: 1 });
    return portions;
  }
}

/** The end of the batch that the offset is in. */
function endOfBatch(fetched: readonly FetchedBatch[], offset: number): number {
  const batch = fetched.findLast(({ baseOffset }) => baseOffset <= offset);
  return batch !== undefined && offset <= batch.lastOffset ? batch.lastOffset : offset;
}

/** Records next to each other that were delivered as often are told as one. */
function appendRecords(list: AcquiredRecords[], records: AcquiredRecords): void {
  const last = list.at(-1);
  if (
    last !== undefined &&
    last.lastOffset + 1 === records.firstOffset &&
    last.deliveryCount === records.deliveryCount
  )
    list[list.length - 1] = { ...last, lastOffset: records.lastOffset };
  else list.push(records);
}

/** What was aborted is acquired as well, so that it is done with, but not told. */
function withoutAborted(
  window: ShareWindow,
  fetched: readonly FetchedBatch[],
  acquired: readonly AcquiredRecords[],
): readonly AcquiredRecords[] {
  const aborted = fetched.filter(({ isAborted }) => isAborted);
  if (aborted.length === 0 || acquired.length === 0) return acquired;
  let kept = acquired;
  for (const { baseOffset, lastOffset } of aborted) {
    archiveBetween(window, baseOffset, { lastOffset, state: recordState.acquired });
    kept = kept.flatMap((records) => cutOut(records, baseOffset, lastOffset));
  }
  // Else who reads nothing but what was aborted would stand still.
  window.moveStart();
  return kept;
}

function cutOut(
  records: AcquiredRecords,
  firstOffset: number,
  lastOffset: number,
): AcquiredRecords[] {
  if (records.lastOffset < firstOffset || records.firstOffset > lastOffset) return [records];
  const parts: AcquiredRecords[] = [];
  if (records.firstOffset < firstOffset) parts.push({ ...records, lastOffset: firstOffset - 1 });
  if (records.lastOffset > lastOffset) parts.push({ ...records, firstOffset: lastOffset + 1 });
  return parts;
}
