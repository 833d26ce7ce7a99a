import { invariant, type Offset, type Timestamp } from "@millrace/model";
import type { FileHandle, FileSystem } from "@millrace/platform";
import { LogCorruptedError } from "../log-error.ts";
import { OffsetIndex } from "../index/offset-index.ts";
import { TimeIndex } from "../index/time-index.ts";
import { TransactionIndex } from "../index/transaction-index.ts";
import { BatchChain, type Block } from "./batch-chain.ts";
import { type BlockPlace, checkBlock, type LendingMemory } from "./check-block.ts";
import { type CursorRange, FileBatchCursor, type LoadedBytes } from "./file-batch-cursor.ts";
import {
  checksumSuffix,
  deletedSuffix,
  logSuffix,
  offsetFileName,
  offsetIndexSuffix,
  timeIndexSuffix,
  transactionIndexSuffix,
} from "./log-file-names.ts";
import type { SegmentRecord } from "./segment-record.ts";

/** Taken to memory at a time while bytes are written once more. */
const rewriteBytes = 4_194_304;
/** Relative offsets are int32. */
const offsetDeltaMax = 2 ** 31 - 1;

/** What an index needs to know of a batch. */
export interface IndexedBatch {
  readonly lastOffset: Offset;
  readonly maxTimestamp: Timestamp;
  readonly sizeBytes: number;
}

/** Files of one segment: batches and what finds them (Kafka: `LogSegment`). Only the newest grows. */
export class LogSegment {
  readonly baseOffset: Offset;
  /** Of the `.log`. */
  path: string;
  /** Of its record. */
  recordPath: string;
  /** Of its record in the end, without the folders above the partition's: the record is of this segment alone. */
  readonly recordName: string;
  readonly chain = new BatchChain();
  readonly offsetIndex: OffsetIndex;
  readonly timeIndex: TimeIndex;
  readonly transactionIndex: TransactionIndex;
  readonly createdMs: number;
  /** Offset after the last one. */
  endOffset: Offset;
  /** It is closed this much earlier than others (`segment.jitter.ms`). */
  rollJitterMs = 0;
  /** Largest timestamp of the first batch, from which the age of the segment counts; -1 without one. */
  firstTimestamp: Timestamp = -1;
  /** Largest so far, and the last offset of the first batch that has it. */
  maxTimestamp: Timestamp = -1;
  maxTimestampOffset: Offset;
  /** False while the indexes of a closed segment are still in their files. */
  areIndexesLoaded = false;
  /** What the files are to be measured by; undefined: nothing vouches for them. */
  record: SegmentRecord | undefined;
  /** Ends of blocks that were checked again, by where they begin. */
  readonly #vouched = new Map<number, number>();
  /** Bytes that are not known to be on the device. */
  isDirty = false;
  /** True: since this process has the file, its size came to the device once. */
  isOnDevice = false;

  readonly #fileSystem: FileSystem;
  #handle: FileHandle | undefined;
  #sizeBytes: number;
  /** Behind this many bytes damage was found. */
  #soundBytes = Number.POSITIVE_INFINITY;
  #bytesSinceIndexEntry = 0;
  /** Syncs under way: the file must stay open until they end. */
  #pins = 0;
  #isCloseAwaited = false;

  constructor(fileSystem: FileSystem, directory: string, baseOffset: Offset, createdMs: number) {
    const file = (suffix: string) => `${directory}/${offsetFileName(baseOffset, suffix)}`;
    this.#fileSystem = fileSystem;
    this.baseOffset = baseOffset;
    this.path = file(logSuffix);
    this.recordPath = file(checksumSuffix);
    this.recordName = this.recordPath.split("/").slice(-2).join("/");
    this.createdMs = createdMs;
    this.endOffset = baseOffset;
    this.maxTimestampOffset = baseOffset;
    this.offsetIndex = new OffsetIndex(fileSystem, file(offsetIndexSuffix), baseOffset);
    this.timeIndex = new TimeIndex(fileSystem, file(timeIndexSuffix), baseOffset);
    this.transactionIndex = new TransactionIndex(fileSystem, file(transactionIndexSuffix));
    this.#sizeBytes = fileSystem.stat(this.path)?.sizeBytes ?? 0;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Makes the file, which must not be there. */
  create(): void {
    this.#handle = this.#fileSystem.open(this.path, "create");
    this.areIndexesLoaded = true;
    this.isDirty = true;
  }

  /** Opened on first use. */
  get handle(): FileHandle {
    this.#handle ??= this.#fileSystem.open(this.path, "readWrite");
    return this.#handle;
  }

  hasRoomFor(lastOffset: Offset, sizeBytes: number): boolean {
    return (
      lastOffset - this.baseOffset <= offsetDeltaMax &&
      this.#sizeBytes + sizeBytes <= offsetDeltaMax
    );
  }

  /** Writes at the end, or leaves the segment as it was and throws. */
  write(parts: readonly Uint8Array[], sizeBytes: number): void {
    const handle = this.handle;
    try {
      handle.write(parts, this.#sizeBytes);
    } catch (error) {
      handle.truncate(this.#sizeBytes);
      throw error;
    }
    this.#sizeBytes += sizeBytes;
    this.isDirty = true;
  }

  /** Takes the batch into the indexes, which lies at this position of the file. */
  index(batch: IndexedBatch, position: number, indexIntervalBytes: number): void {
    invariant(batch.lastOffset >= this.endOffset, "LOG-1", batch.lastOffset);
    if (batch.maxTimestamp > this.maxTimestamp) {
      this.maxTimestamp = batch.maxTimestamp;
      this.maxTimestampOffset = batch.lastOffset;
    }
    if (this.firstTimestamp < 0) this.firstTimestamp = batch.maxTimestamp;
    if (this.#bytesSinceIndexEntry > indexIntervalBytes) {
      this.offsetIndex.append(batch.lastOffset, position);
      this.timeIndex.maybeAppend(this.maxTimestamp, this.maxTimestampOffset);
      this.#bytesSinceIndexEntry = 0;
    }
    this.#bytesSinceIndexEntry += batch.sizeBytes;
    this.endOffset = batch.lastOffset + 1;
  }

  get bytesSinceIndexEntry(): number {
    return this.#bytesSinceIndexEntry;
  }

  /** Takes over what its record says; indexes stay in their files, and no batch has been checked. */
  restore(record: SegmentRecord): void {
    this.chain.restore(record.blocks);
    this.endOffset = record.endOffset;
    this.firstTimestamp = record.firstTimestamp;
    this.maxTimestamp = record.maxTimestamp;
    this.maxTimestampOffset = record.maxTimestampOffset;
    this.#bytesSinceIndexEntry = record.bytesSinceIndexEntry;
  }

  /** Walks batches from a position on. What nobody has looked at since the log was opened is checked before it is used. */
  walk(
    start: number,
    range: Partial<Pick<CursorRange, "end" | "chunkBytes">> & {
      readonly memory?: LendingMemory;
    } = {},
  ): FileBatchCursor {
    const { chunkBytes, memory } = range;
    const end = Math.min(range.end ?? this.#sizeBytes, this.#soundBytes);
    const check = this.chain.hasUnchecked
      ? (loaded: LoadedBytes, to: number) => this.#checkBlocks(loaded.start, to, { loaded, memory })
      : undefined;
    return new FileBatchCursor(this.handle, { start, end, chunkBytes, memory, check });
  }

  /**
   * Reads all that nobody has looked at yet.
   *
   * @throws LogCorruptedError
   */
  checkWhole(): void {
    this.#checkBlocks(0, this.#sizeBytes);
  }

  /**
   * Checks the block again that a position is in: what is there does not look as it should. False: it cannot, for some of
   * it is known to be damaged.
   *
   * @throws LogCorruptedError
   */
  checkAgain(position: number): boolean {
    const { blocks } = this.chain;
    const index = this.chain.blockWith(position);
    if (index >= blocks.length || blocks[index].endPosition > this.#soundBytes) return false;
    const place = this.#placeOf(blocks, index);
    this.#vouched.delete(place.start);
    this.#checkBlock(blocks[index], place);
    this.#vouched.set(place.start, blocks[index].endPosition);
    return true;
  }

  /** Damage was found there: what lies behind is walked by nobody. */
  endsBefore(position: number): void {
    this.#soundBytes = Math.min(this.#soundBytes, position);
  }

  /** Whether what is there was checked again, and is as it was written however it looks. */
  isVouchedFor(position: number): boolean {
    const start = this.chain.startOf(this.chain.blockWith(position));
    return position < (this.#vouched.get(start) ?? -1);
  }

  #checkBlocks(from: number, to: number, by?: Pick<BlockPlace, "loaded" | "memory">): void {
    const { chain } = this;
    const { blocks } = chain;
    for (const index of chain.uncheckedIn(from, to)) {
      this.#checkBlock(blocks[index], { ...this.#placeOf(blocks, index), ...by });
      chain.checked(index);
    }
  }

  #placeOf(blocks: readonly Block[], index: number): BlockPlace {
    const before = index === 0 ? undefined : blocks[index - 1];
    return {
      path: this.path,
      start: before?.endPosition ?? 0,
      expectedOffset: before?.endOffset ?? this.baseOffset,
      checksum: before?.checksum ?? 0,
      epochs: this.record?.epochs ?? [],
      segmentEnd: this.endOffset,
    };
  }

  #checkBlock(block: Block, place: BlockPlace): void {
    // What lies behind the first damage is walked by nobody, and in front of it one check was enough.
    if (block.endPosition > this.#soundBytes) return;
    try {
      checkBlock(this.handle, block, place);
    } catch (error) {
      if (error instanceof LogCorruptedError) this.endsBefore(error.damage.position);
      throw error;
    }
  }

  /** No damage was found so far. */
  get isSound(): boolean {
    return this.#soundBytes >= this.#sizeBytes;
  }

  /** Forgets all that is derived from the batches, before they are walked anew. */
  resetIndexes(): void {
    this.offsetIndex.reset();
    this.timeIndex.reset();
    this.transactionIndex.reset();
    this.areIndexesLoaded = true;
    this.chain.reset();
    this.#vouched.clear();
    this.#bytesSinceIndexEntry = 0;
    this.endOffset = this.baseOffset;
    this.firstTimestamp = -1;
    this.maxTimestamp = -1;
    this.maxTimestampOffset = this.baseOffset;
  }

  /** Takes the indexes from the files; false where those are not what the record says. */
  loadIndexes(): boolean {
    const indexes = [this.offsetIndex, this.timeIndex, this.transactionIndex];
    const sums = this.record?.indexes ?? [];
    for (const [slot, index] of indexes.entries()) {
      const sum = sums[slot];
      if (sum === undefined || !index.load(sum)) return false;
    }
    this.areIndexesLoaded = true;
    return true;
  }

  /** Adds the last time index entry: the segment grows no more, or is closed for now. */
  seal(): void {
    this.timeIndex.maybeAppend(this.maxTimestamp, this.maxTimestampOffset);
  }

  /** Writes one index after the other; the caller syncs and closes what it gets, also where a later one fails. */
  *flushIndexes(): Generator<FileHandle> {
    for (const index of [this.offsetIndex, this.timeIndex, this.transactionIndex]) {
      const handle = index.flush();
      if (handle !== undefined) yield handle;
    }
  }

  /** Cuts the file. The indexes must be rebuilt or end below already. */
  truncate(sizeBytes: number): void {
    this.handle.truncate(sizeBytes);
    this.#sizeBytes = sizeBytes;
    this.#vouched.clear();
    this.isDirty = true;
  }

  /**
   * Writes again what is there already, from a position on. After a failed sync the page cache takes pages for
   * clean that are on no device: only a new write makes a sync carry them.
   */
  rewriteFrom(position: number): void {
    const { handle } = this;
    for (let at = position; at < this.#sizeBytes; at += rewriteBytes) {
      const bytes = new Uint8Array(Math.min(rewriteBytes, this.#sizeBytes - at));
      const count = handle.read(bytes, at);
      handle.write([bytes.subarray(0, count)], at);
    }
    this.isDirty = true;
  }

  /** Serves only what lies before a damage; the file stays as it is. */
  limit(sizeBytes: number): void {
    this.#sizeBytes = sizeBytes;
  }

  /** Whether closing the file loses nothing: an error of the device is told to the open file only. */
  get isIdle(): boolean {
    return !this.isDirty && this.#pins === 0;
  }

  /** Data and size are on the device once it resolves. */
  async sync(): Promise<void> {
    this.isDirty = false;
    this.#pins++;
    try {
      await this.handle.datasync();
      this.isOnDevice = true;
    } finally {
      this.#pins--;
      if (this.#pins === 0 && this.#isCloseAwaited) this.closeHandle();
    }
  }

  /** Closes the file, at the latest when the last sync has ended. */
  closeHandle(): void {
    this.#isCloseAwaited = this.#pins > 0;
    if (this.#isCloseAwaited) return;
    this.#handle?.close();
    this.#handle = undefined;
  }

  /** Of all its files. */
  get paths(): readonly string[] {
    return [this.path, ...this.#companionPaths];
  }

  get #companionPaths(): readonly string[] {
    const { offsetIndex, timeIndex, transactionIndex, recordPath } = this;
    return [offsetIndex.path, timeIndex.path, transactionIndex.path, recordPath];
  }

  /** Its files have a suffix behind their names, or are to have one. */
  renamed(suffix: string): this {
    this.path += suffix;
    this.offsetIndex.path += suffix;
    this.timeIndex.path += suffix;
    this.transactionIndex.path += suffix;
    this.recordPath += suffix;
    this.#sizeBytes = this.#fileSystem.stat(this.path)?.sizeBytes ?? 0;
    return this;
  }

  /** Gives the `.log` another suffix behind its name. An open file stays open. */
  renameLog(suffix: string): void {
    this.path = this.#rename(this.path, suffix);
  }

  /** The same for all other files; what lies at the new names goes. */
  renameCompanions(suffix: string): void {
    for (const index of [this.offsetIndex, this.timeIndex, this.transactionIndex])
      index.path = this.#rename(index.path, suffix);
    this.recordPath = this.#rename(this.recordPath, suffix);
  }

  #rename(path: string, suffix: string): string {
    const target = path.replace(/\.(cleaned|swap)$/, "") + suffix;
    if (this.#fileSystem.stat(path) === undefined) this.#fileSystem.remove(target);
    else if (path !== target) this.#fileSystem.rename(path, target);
    return target;
  }

  /** Takes all files out of the way, to be removed later; gives their paths. */
  retire(): readonly string[] {
    this.closeHandle();
    const retired: string[] = [];
    for (const path of this.paths) {
      if (this.#fileSystem.stat(path) === undefined) continue;
      retired.push(path + deletedSuffix);
      this.#fileSystem.rename(path, path + deletedSuffix);
    }
    return retired;
  }

  /** Removes all files. */
  remove(): void {
    this.closeHandle();
    for (const path of this.paths) this.#fileSystem.remove(path);
  }
}
