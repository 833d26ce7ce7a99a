import { invariant, type Offset } from "@millrace/model";
import type { AbortedTransactionEntry } from "../index/transaction-index.ts";
import type { LogSegment } from "./log-segment.ts";

/** Closed segments whose files stay open for readers. */
const openClosedSegmentsMax = 4;

/** Segments in the order of their offsets; the last one is active. Never empty. */
export class SegmentList {
  #segments: LogSegment[];
  readonly #recentlyUsed: LogSegment[] = [];
  /** Segments that were taken from the front. */
  removedCount = 0;
  readonly #rebuild: (segment: LogSegment) => void;

  /** `rebuild` makes indexes anew where the files are not what they were. */
  constructor(segments: readonly LogSegment[], rebuild: (segment: LogSegment) => void) {
    invariant(segments.length > 0, "LOG-1", "a log has at least one segment");
    this.#segments = [...segments];
    this.#rebuild = rebuild;
  }

  get all(): readonly LogSegment[] {
    return this.#segments;
  }

  get active(): LogSegment {
    return this.#segments[this.#segments.length - 1];
  }

  get sizeBytes(): number {
    let size = 0;
    for (const segment of this.#segments) size += segment.sizeBytes;
    return size;
  }

  add(segment: LogSegment): void {
    invariant(segment.baseOffset >= this.active.endOffset, "LOG-1", segment.baseOffset);
    this.#segments.push(segment);
  }

  /** Drops segments from the front; the active one stays. */
  removeFirst(count: number): readonly LogSegment[] {
    invariant(count < this.#segments.length, "LOG-1", count);
    this.removedCount += count;
    return this.#segments.splice(0, count);
  }

  /** Puts one segment in the place of some that follow each other. */
  replace(replaced: readonly LogSegment[], segment: LogSegment): void {
    const first = this.#segments.indexOf(replaced[0]);
    const isRow = replaced.every((each, index) => this.#segments[first + index] === each);
    invariant(isRow && first >= 0 && !replaced.includes(this.active), "LOG-1", segment.baseOffset);
    this.#segments.splice(first, replaced.length, segment);
    for (const each of replaced) {
      const known = this.#recentlyUsed.indexOf(each);
      if (known >= 0) this.#recentlyUsed.splice(known, 1);
    }
  }

  /** Aborted transactions that overlap [from, to), in the order of their markers. */
  abortedIn(from: Offset, to: Offset): readonly AbortedTransactionEntry[] {
    const found: AbortedTransactionEntry[] = [];
    for (let index = this.indexOf(from); index < this.#segments.length; index++)
      if (this.use(index).transactionIndex.collect(from, to, found)) break;
    return found;
  }

  /** Index of the last segment that begins at or below the offset; 0 at least. */
  indexOf(offset: Offset): number {
    let low = 1;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#segments[middle].baseOffset <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** A bound of offsets, or the end of a segment where that comes first. */
  limitFrom(index: number, upTo: Offset): Offset {
    const next = this.#segments[index + 1];
    return next === undefined ? upTo : Math.min(upTo, next.baseOffset);
  }

  /** A segment with its indexes in memory; closes the file of the one that was not used for longest. */
  use(index: number): LogSegment {
    const segment = this.#segments[index];
    if (!segment.areIndexesLoaded && !segment.loadIndexes()) this.#rebuild(segment);
    if (segment === this.active || this.#recentlyUsed[0] === segment) return segment;
    const known = this.#recentlyUsed.indexOf(segment);
    if (known >= 0) this.#recentlyUsed.splice(known, 1);
    this.#recentlyUsed.unshift(segment);
    if (this.#recentlyUsed.length > openClosedSegmentsMax) {
      const oldest = this.#recentlyUsed.pop();
      if (oldest?.isIdle === true && oldest !== this.active) oldest.closeHandle();
    }
    return segment;
  }

  closeHandles(): void {
    for (const segment of this.#segments) segment.closeHandle();
  }
}
