import { compareBytes, concatBytes, type Timestamp } from "@millrace/model";
import { readInt64, writeInt64 } from "../../bytes/int64.ts";
import { copyBytes } from "../../bytes/copy-bytes.ts";
import { afterKey, partOf } from "../../bytes/key-range.ts";
import { ScratchBytes } from "../../bytes/scratch-bytes.ts";
import type { ScanRange } from "../../contract/store-engine.ts";

const segmentBytes = 8;

/** Where the key ends in a key of a changelog, and the time behind it. @param lastBytes behind the time */
export function timeInKey(
  logged: Uint8Array,
  lastBytes: 4 | 8,
): { readonly keyEnd: number; readonly time: Timestamp } {
  const keyEnd = logged.length - 8 - lastBytes;
  return { keyEnd, time: readInt64(logged, keyEnd) };
}

/**
 * Keys of rows that expire: segment (8) ++ key ++ time (8) ++ last. Behind the segment they are Kafka's, in the changelog
 * too: of a window `time` is its start and `last` a sequence number (4), of a session its end and its start (8).
 */
export class RowKeys {
  /** Of a row's key, behind the time. */
  readonly lastBytes: 4 | 8;
  readonly #intervalMs: number;
  readonly #suffixBytes: number;
  readonly #scratch = new ScratchBytes();

  constructor(segmentIntervalMs: number, lastBytes: 4 | 8) {
    this.#intervalMs = segmentIntervalMs;
    this.lastBytes = lastBytes;
    this.#suffixBytes = 8 + lastBytes;
  }

  segmentOf(time: Timestamp): number {
    return Math.trunc(time / this.#intervalMs);
  }

  startOfSegment(segment: number): Timestamp {
    return segment * this.#intervalMs;
  }

  row(key: Uint8Array, time: Timestamp, last: number): Uint8Array {
    return this.#rowIn(this.segmentOf(time), key, time, last);
  }

  /** As `row`, for whoever reads or copies it at once: where it is short it holds until the next call. */
  rowAtOnce(key: Uint8Array, time: Timestamp, last: number): Uint8Array {
    const row = this.#scratch.ofLength(segmentBytes + key.length + this.#suffixBytes);
    copyBytes(key, row, segmentBytes);
    this.#place(row, this.segmentOf(time), time, last);
    return row;
  }

  /** @throws RangeError for what `loggedOf` has not given */
  requireLogged(logged: Uint8Array): void {
    if (logged.length < this.#suffixBytes)
      throw new RangeError(
        `a key of ${logged.length} bytes; that of a window has ${this.#suffixBytes} at least`,
      );
    const time = readInt64(logged, logged.length - this.#suffixBytes);
    // Text where the time should be would be one that everything else is too late for.
    if (time < 0 || time > Number.MAX_SAFE_INTEGER)
      throw new RangeError(`a key of a window with a time of ${time}`);
  }

  /** Of a changelog's record. */
  rowOf(logged: Uint8Array): Uint8Array {
    const time = readInt64(logged, logged.length - this.#suffixBytes);
    const row = new Uint8Array(segmentBytes + logged.length);
    writeInt64(row, 0, this.segmentOf(time));
    row.set(logged, segmentBytes);
    return row;
  }

  /** As `loggedOf` a row; `Infinity` is the greatest that `last` can be. */
  logged(key: Uint8Array, time: Timestamp, last: number): Uint8Array {
    return this.loggedOf(this.#rowIn(0, key, time, Math.min(last, this.#lastMax)));
  }

  /** The key in the changelog, to be read only. */
  loggedOf(row: Uint8Array): Uint8Array {
    return partOf(row, segmentBytes);
  }

  /** To be read only. */
  keyOf(row: Uint8Array): Uint8Array {
    return partOf(row, segmentBytes, row.length - this.#suffixBytes);
  }

  /** True: it is the row's key. */
  isKeyIn(row: Uint8Array, key: Uint8Array): boolean {
    const { length } = key;
    if (!this.isOfKey(row, key)) return false;
    for (let index = 0; index < length; index++)
      if (row[segmentBytes + index] !== key[index]) return false;
    return true;
  }

  /** Where the key lies in a row. */
  get keyStart(): number {
    return segmentBytes;
  }

  keyEnd(row: Uint8Array): number {
    return row.length - this.#suffixBytes;
  }

  /** Of a row that ends there, in larger bytes; the time comes behind it. */
  keyEndAt(rowEnd: number): number {
    return rowEnd - this.#suffixBytes;
  }

  segmentIn(row: Uint8Array): number {
    return readInt64(row, 0);
  }

  timeOf(row: Uint8Array): Timestamp {
    return readInt64(row, row.length - this.#suffixBytes);
  }

  lastOf(row: Uint8Array): number {
    return this.lastAt(row, row.length - this.lastBytes);
  }

  /** Of a row in larger bytes. */
  lastAt(bytes: Uint8Array, at: number): number {
    if (this.lastBytes === 8) return readInt64(bytes, at);
    return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
  }

  /** A row as it is ordered by time, then key. */
  timeFirst(row: Uint8Array): Uint8Array {
    const end = this.keyEnd(row);
    return concatBytes(row.subarray(end, end + 8), this.keyOf(row), row.subarray(end + 8));
  }

  /** In the segment of a time. */
  segmented(time: Timestamp, bytes: Uint8Array): Uint8Array {
    return concatBytes(this.boundOf(this.segmentOf(time)), bytes);
  }

  /** Where a segment begins. */
  boundOf(segment: number): Uint8Array {
    const bound = new Uint8Array(segmentBytes);
    writeInt64(bound, 0, segment);
    return bound;
  }

  /** Rows of one key, and maybe of longer ones that begin with it: those have other lengths. */
  rangeOfKey(
    segment: number,
    key: Uint8Array,
    from: Timestamp,
    to: Timestamp,
  ): { readonly from: Uint8Array; readonly to: Uint8Array } {
    const first = Math.max(from, this.startOfSegment(segment));
    const last = Math.min(to, this.startOfSegment(segment + 1) - 1);
    return {
      from: this.#rowIn(segment, key, first, 0),
      to: afterKey(this.#rowIn(segment, key, last, this.#lastMax)),
    };
  }

  isOfKey(row: Uint8Array, key: Uint8Array): boolean {
    return row.length === segmentBytes + key.length + this.#suffixBytes;
  }

  /**
   * Rows of keys between two, and maybe of others. A key that the last one begins with sorts before it, its rows maybe
   * behind it: the end is behind all of them.
   */
  rangeOfKeys(segment: number, from: Uint8Array | null, to: Uint8Array | null): ScanRange {
    const start = this.boundOf(segment);
    const first = from === null ? start : concatBytes(start, from);
    if (to === null) return { from: first, to: this.boundOf(segment + 1) };
    let last = this.#rowIn(segment, to, Infinity, this.#lastMax);
    for (let length = 0; length < to.length; length++) {
      const row = this.#rowIn(segment, to.subarray(0, length), Infinity, this.#lastMax);
      if (compareBytes(row, last) > 0) last = row;
    }
    return { from: first, to: afterKey(last) };
  }

  get #lastMax(): number {
    return this.lastBytes === 8 ? Infinity : 0x7fffffff;
  }

  #rowIn(segment: number, key: Uint8Array, time: Timestamp, last: number): Uint8Array {
    const row = new Uint8Array(segmentBytes + key.length + this.#suffixBytes);
    row.set(key, segmentBytes);
    this.#place(row, segment, time, last);
    return row;
  }

  /** Writes what stands around the key. */
  #place(row: Uint8Array, segment: number, time: Timestamp, last: number): void {
    const at = row.length - this.#suffixBytes;
    writeInt64(row, 0, segment);
    writeInt64(row, at, time);
    if (this.lastBytes === 8) writeInt64(row, at + 8, last);
    else {
      row[at + 8] = last >>> 24;
      row[at + 9] = last >>> 16;
      row[at + 10] = last >>> 8;
      row[at + 11] = last;
    }
  }
}
