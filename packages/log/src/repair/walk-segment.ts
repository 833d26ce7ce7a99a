import type { Offset } from "@millrace/model";
import type { FileHandle } from "@millrace/platform";
import {
  batchHeaderBytes,
  isCrcValid,
  readBaseOffset,
  readLastOffset,
  readLastOffsetDelta,
  readPartitionLeaderEpoch,
} from "@millrace/protocol/records";
import { chainBatch } from "../segment/batch-chain.ts";
import { FileBatchCursor } from "../segment/file-batch-cursor.ts";
import type { SegmentRecord } from "../segment/segment-record.ts";
import { classifyBadBatch, findFollowingBatch } from "../upkeep/classify-damage.ts";

/** Batches that follow each other. */
export interface GoodRun {
  readonly start: number;
  readonly end: number;
  readonly firstOffset: Offset;
  readonly endOffset: Offset;
}

export interface BadRange {
  readonly start: number;
  readonly end: number;
  readonly firstOffset: Offset;
  /** Below the first: not known, it is the end of the log. */
  readonly lastOffset: Offset;
  readonly reason: string;
  /** A crash may have left it. */
  readonly isTorn: boolean;
}

/** A segment from its first byte to its last. */
export interface SegmentWalk {
  readonly good: readonly GoodRun[];
  readonly bad: readonly BadRange[];
  /** Offset after the last good batch. */
  readonly endOffset: Offset;
}

export interface WalkOptions {
  readonly sizeBytes: number;
  readonly baseOffset: Offset;
  /** Base of the next segment; undefined for the last one. */
  readonly nextOffset: Offset | undefined;
  readonly record: SegmentRecord | undefined;
  readonly recoveryPoint: Offset;
  /** Of the run that wrote behind the last record: no batch there has a later one that was made durable. */
  readonly leaderEpochMax: number;
}

/** Sorts a segment's bytes into batches that can be served and what cannot. */
export function walkSegment(handle: FileHandle, options: WalkOptions): SegmentWalk {
  return new Walk(handle, options).run();
}

class Walk {
  readonly #handle: FileHandle;
  readonly #options: WalkOptions;
  readonly #good: GoodRun[] = [];
  readonly #bad: BadRange[] = [];
  #expected: Offset;
  #leaderEpoch: number;
  #checksum = 0;
  #blockIndex = 0;
  /** Batches of the block that is walked, which its checksum judges when it ends. */
  #odd: BadRange[] = [];
  /** Where the block begins, if its first batch is sound and not the one that was recorded: the file is another log's. */
  #foreign: { readonly start: number; readonly firstOffset: Offset } | undefined;

  constructor(handle: FileHandle, options: WalkOptions) {
    this.#handle = handle;
    this.#options = options;
    this.#expected = options.baseOffset;
    this.#leaderEpoch = options.record?.leaderEpoch ?? -1;
  }

  run(): SegmentWalk {
    const { sizeBytes, record } = this.#options;
    for (let position = 0; position < sizeBytes;) position = this.#walkFrom(position);
    this.#takeForeignBack(sizeBytes, (record?.endOffset ?? 0) - 1);
    const missing = (record?.sizeBytes ?? 0) - sizeBytes;
    if (missing > 0 && this.#bad.at(-1)?.end !== sizeBytes)
      this.#bad.push({
        start: sizeBytes,
        end: sizeBytes,
        firstOffset: this.#expected,
        lastOffset: (record?.endOffset ?? 0) - 1,
        reason: `${missing} bytes are missing`,
        isTorn: false,
      });
    return { good: this.#good, bad: this.#bad, endOffset: this.#expected };
  }

  /** Walks good batches and what stops them; gives where to go on. */
  #walkFrom(start: number): number {
    const { sizeBytes } = this.#options;
    const cursor = new FileBatchCursor(this.#handle, { start, end: sizeBytes });
    while (cursor.next()) {
      const { bytes, at, position } = cursor;
      const reason = this.#faultOf(bytes, at, position);
      if (reason !== undefined) return this.#skip(position, reason, false);
      this.#accept(bytes, at, { start: position, end: position + cursor.sizeBytes });
    }
    if (cursor.failure === undefined) return sizeBytes;
    return this.#skip(cursor.position, cursor.failure, cursor.isCutShort);
  }

  #faultOf(bytes: Uint8Array, at: number, position: number): string | undefined {
    const { nextOffset, record } = this.#options;
    const baseOffset = readBaseOffset(bytes, at);
    if (!isCrcValid(bytes, at)) return "the checksum does not match";
    if (readLastOffsetDelta(bytes, at) < 0) return "a negative range of offsets";
    // What the record covers is judged by its checksums.
    if (position < (record?.sizeBytes ?? 0)) return undefined;
    const isInOrder =
      nextOffset === undefined ? baseOffset === this.#expected : baseOffset >= this.#expected;
    if (!isInOrder) return `offset ${baseOffset} where ${this.#expected} was expected`;
    const epoch = readPartitionLeaderEpoch(bytes, at);
    const { leaderEpochMax } = this.#options;
    if (epoch < this.#leaderEpoch || epoch > leaderEpochMax)
      return `leader epoch ${epoch} where ${this.#leaderEpoch} to ${leaderEpochMax} was expected`;
    this.#leaderEpoch = epoch;
    if (nextOffset !== undefined && readLastOffset(bytes, at) >= nextOffset)
      return `offset ${readLastOffset(bytes, at)} in front of a segment that begins at ${nextOffset}`;
    return undefined;
  }

  #accept(bytes: Uint8Array, at: number, place: { readonly start: number; readonly end: number }) {
    const firstOffset = readBaseOffset(bytes, at);
    const endOffset = readLastOffset(bytes, at) + 1;
    const last = this.#good.at(-1);
    const odd = this.#oddness(bytes, at, place.start);
    if (odd !== undefined) this.#odd.push({ ...place, ...odd });
    this.#checksum = chainBatch(this.#checksum, bytes, at);
    const block = this.#options.record?.blocks[this.#blockIndex];
    const isFirst = place.start === this.#blockStart && odd === undefined;
    if (isFirst && block !== undefined && block.firstChecksum !== this.#checksum)
      this.#foreign = { start: place.start, firstOffset };
    if (last !== undefined && last.end === place.start && last.endOffset === firstOffset)
      this.#good[this.#good.length - 1] = { ...last, end: place.end, endOffset };
    else this.#good.push({ ...place, firstOffset, endOffset });
    this.#expected = odd === undefined ? endOffset : odd.lastOffset + 1;
    this.#closeBlock(place.end);
  }

  /** What a batch's own checksum leaves out is not what the segment's record leads to expect. */
  #oddness(bytes: Uint8Array, at: number, start: number) {
    const { record } = this.#options;
    if (record === undefined || start >= record.sizeBytes) return undefined;
    const firstOffset = this.#expected;
    const epoch = record.epochs.findLast((entry) => entry.startOffset <= firstOffset)?.epoch ?? -1;
    const isAsExpected =
      readBaseOffset(bytes, at) === firstOffset && readPartitionLeaderEpoch(bytes, at) === epoch;
    if (isAsExpected) return undefined;
    const lastOffset = firstOffset + readLastOffsetDelta(bytes, at);
    const reason = "its offset, length or epoch is not the one that was recorded";
    return { firstOffset, lastOffset, reason, isTorn: false };
  }

  #closeBlock(position: number): void {
    const block = this.#options.record?.blocks[this.#blockIndex];
    if (block === undefined || position < block.endPosition) return;
    this.#blockIndex++;
    if (this.#foreign !== undefined) this.#takeForeignBack(position, block.endOffset - 1);
    else if (this.#checksum !== block.checksum)
      for (const range of this.#odd) {
        this.#bad.push(range);
        this.#takeBack(range);
      }
    // What is behind is judged by itself.
    this.#checksum = block.checksum;
    this.#expected = block.endOffset;
    this.#odd = [];
  }

  get #blockStart(): number {
    return this.#options.record?.blocks[this.#blockIndex - 1]?.endPosition ?? 0;
  }

  /** All of a block that is another log's, up to its end, the file's, or what is damaged in it too. */
  #takeForeignBack(end: number, lastOffset: Offset): void {
    if (this.#foreign === undefined) return;
    const reason = "these are not the records that were written here";
    const range = { ...this.#foreign, end, lastOffset, reason, isTorn: false };
    this.#foreign = undefined;
    this.#bad.push(range);
    this.#takeBack(range);
  }

  /** Cuts batches out of the run that took them for good. */
  #takeBack({ start, end, firstOffset, lastOffset }: BadRange): void {
    const index = this.#good.findIndex((run) => run.start <= start && end <= run.end);
    if (index < 0) return;
    const run = this.#good[index];
    const parts: GoodRun[] = [];
    if (run.start < start) parts.push({ ...run, end: start, endOffset: firstOffset });
    if (end < run.end) parts.push({ ...run, start: end, firstOffset: lastOffset + 1 });
    this.#good.splice(index, 1, ...parts);
  }

  #skip(position: number, reason: string, isCutShort: boolean): number {
    const { sizeBytes, recoveryPoint } = this.#options;
    const bad = {
      handle: this.#handle,
      position,
      endPosition: sizeBytes,
      expectedOffset: this.#expected,
      isCutShort,
      hasLaterSegments: this.#options.nextOffset !== undefined,
      recoveryPoint,
    };
    const following = findFollowingBatch(bad);
    const end = following ?? sizeBytes;
    const resumed = following === undefined ? undefined : this.#offsetAt(following);
    const isForeign = this.#foreign !== undefined;
    this.#takeForeignBack(position, this.#expected - 1);
    const next = resumed ?? this.#options.nextOffset ?? this.#options.record?.endOffset;
    const isLast = following === undefined && this.#options.nextOffset === undefined;
    this.#bad.push({
      start: position,
      end,
      firstOffset: this.#expected,
      lastOffset: Math.max(next ?? 0, isLast ? recoveryPoint : 0) - 1,
      reason,
      isTorn: isLast && classifyBadBatch(bad).isTorn,
    });
    if (resumed !== undefined) this.#expected = resumed;
    const blockIndex = this.#blockIndex;
    this.#skipBlocks(end);
    if (isForeign && this.#blockIndex === blockIndex)
      this.#foreign = { start: end, firstOffset: this.#expected };
    return end;
  }

  /** Blocks that are damaged anyway, and the one that the walk goes on in, are not compared. */
  #skipBlocks(end: number): void {
    const blocks = this.#options.record?.blocks ?? [];
    while (this.#blockIndex < blocks.length && blocks[this.#blockIndex].endPosition <= end)
      this.#checksum = blocks[this.#blockIndex++].checksum;
    this.#odd = [];
  }

  #offsetAt(position: number): Offset {
    const header = new Uint8Array(batchHeaderBytes);
    this.#handle.read(header, position);
    return readBaseOffset(header, 0);
  }
}
