import {
  decodeUtf8,
  type Header,
  type Headers,
  noBytes,
  noHeaders,
  type RecordBatchView,
} from "@millrace/model";
import { KafkaError } from "../kafka-error.ts";
import { ProtocolError } from "../protocol-error.ts";
import { unZigZag, unZigZagLong } from "../wire/varint.ts";
import { checkBatchBounds } from "./batch-cursor.ts";
import {
  batchHeaderBytes,
  compressionIdOf,
  isLogAppendTime,
  readAttributes,
  readBaseOffset,
  readBaseTimestamp,
  readBatchSizeBytes,
  readLastOffsetDelta,
  readMaxTimestamp,
  readRecordCount,
} from "./batch-header.ts";
import type { Compression } from "./compression.ts";

/** Most bytes that the records of one batch may decompress to. */
export const decompressedBytesMaxDefault = 256 * 1024 * 1024;

export interface RecordBatchReaderOptions {
  readonly topic?: string;
  readonly partition?: number;
  /** Holds the whole batch. */
  readonly bytes: Uint8Array;
  /** Of the batch's first byte. Default 0. */
  readonly position?: number;
  /** Records below are skipped at once. Default: none. */
  readonly fromOffset?: number;
  /** Needed for compressed batches alone. */
  readonly codecs?: Compression;
  readonly decompressedBytesMax?: number;
  /** Called once, by the first `release`. */
  readonly onRelease?: () => void;
}

/**
 * Walks the records of a batch where they lie: `next` finds positions, views are made when they are
 * asked for. Every step is checked against the end of its record; the CRC is not looked at.
 *
 * All members may throw ProtocolError `MALFORMED_BATCH`.
 */
export class RecordBatchReader implements RecordBatchView {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: number;
  readonly sizeBytes: number;

  readonly #baseOffset: number;
  readonly #baseTimestamp: number;
  /** The timestamp of all records, if the broker has stamped the batch. */
  readonly #stampedTime: number | undefined;
  readonly #onRelease: (() => void) | undefined;
  #isReleased = false;

  /** What the records lie in: the batch itself, or what it decompressed to. */
  #bytes: Uint8Array;
  #end: number;
  /** Where the next record starts; while one is parsed, where the parser stands. */
  #position: number;
  #remaining: number;

  #offsetDelta = 0;
  #timestampDelta = 0;
  #keyStart = 0;
  #keyLength = -1;
  #valueStart = 0;
  #valueLength = -1;
  #headersStart = 0;
  #recordEnd = 0;

  constructor(options: RecordBatchReaderOptions) {
    const { bytes, position = 0 } = options;
    checkBatchBounds(bytes, position);
    const attributes = readAttributes(bytes, position);
    this.topic = options.topic ?? "";
    this.partition = options.partition ?? 0;
    this.sizeBytes = readBatchSizeBytes(bytes, position);
    this.#baseOffset = readBaseOffset(bytes, position);
    this.nextOffset = this.#baseOffset + readLastOffsetDelta(bytes, position) + 1;
    this.#baseTimestamp = readBaseTimestamp(bytes, position);
    this.#stampedTime = isLogAppendTime(attributes) ? readMaxTimestamp(bytes, position) : undefined;
    this.#onRelease = options.onRelease;
    this.#remaining = readRecordCount(bytes, position);
    if (this.#remaining < 0) throw malformed(`it counts ${this.#remaining} records`);
    this.#bytes = bytes;
    this.#position = position + batchHeaderBytes;
    this.#end = position + this.sizeBytes;
    const compressionId = compressionIdOf(attributes);
    if (compressionId !== 0) this.#decompress(compressionId, options);
    if (options.fromOffset !== undefined && options.fromOffset > this.#baseOffset) {
      this.#skipTo(options.fromOffset);
    }
  }

  get remaining(): number {
    return this.#remaining;
  }

  next(): boolean {
    if (this.#remaining === 0) {
      if (this.#position !== this.#end)
        throw malformed(`${this.#end - this.#position} bytes follow its last record`);
      return false;
    }
    const length = this.#readVarint();
    const end = this.#position + length;
    if (length < 0 || end > this.#end) throw malformed(`a record of ${length} bytes does not fit`);
    this.#recordEnd = end;
    this.#position++;
    this.#timestampDelta = this.#readVarlong();
    this.#offsetDelta = this.#readVarint();
    this.#keyLength = this.#readVarint();
    this.#keyStart = this.#position;
    if (this.#keyLength > 0) this.#position += this.#keyLength;
    if (this.#position > end) throw malformed("a key reaches beyond its record");
    this.#valueLength = this.#readVarint();
    this.#valueStart = this.#position;
    if (this.#valueLength > 0) this.#position += this.#valueLength;
    if (this.#position >= end) throw malformed("a value reaches beyond its record");
    this.#headersStart = this.#position;
    if (this.#bytes[this.#position] === 0 && this.#position + 1 !== end) {
      throw malformed("a record is longer than what it holds");
    }
    this.#position = end;
    this.#remaining--;
    return true;
  }

  get offset(): number {
    return this.#baseOffset + this.#offsetDelta;
  }

  get timestamp(): number {
    return this.#stampedTime ?? this.#baseTimestamp + this.#timestampDelta;
  }

  get key(): Uint8Array | null {
    const length = this.#keyLength;
    return length < 0 ? null : this.#bytes.subarray(this.#keyStart, this.#keyStart + length);
  }

  get value(): Uint8Array | null {
    const length = this.#valueLength;
    return length < 0 ? null : this.#bytes.subarray(this.#valueStart, this.#valueStart + length);
  }

  /** Bytes of the key, without a view of it; -1 for null. */
  get keySizeBytes(): number {
    return Math.max(this.#keyLength, -1);
  }

  /** Bytes of the value, without a view of it; -1 for null. */
  get valueSizeBytes(): number {
    return Math.max(this.#valueLength, -1);
  }

  /** False: `headers` has nothing to read. */
  get hasHeaders(): boolean {
    return this.#bytes[this.#headersStart] !== 0;
  }

  /** Read anew at each call. */
  get headers(): Headers {
    if (this.#bytes[this.#headersStart] === 0 || this.#recordEnd === 0) return noHeaders;
    const resume = this.#position;
    this.#position = this.#headersStart;
    try {
      return this.#readHeaders(this.#recordEnd);
    } finally {
      this.#position = resume;
    }
  }

  /** Walks the headers without making anything of them. */
  checkHeaders(): void {
    if (this.#bytes[this.#headersStart] === 0 || this.#recordEnd === 0) return;
    const resume = this.#position;
    const end = this.#recordEnd;
    this.#position = this.#headersStart;
    for (let left = this.#readHeaderCount(end); left > 0; left--) {
      if (this.#skipBytes(end) < 0) throw malformed("a header has no name");
      this.#skipBytes(end);
    }
    if (this.#position !== end) throw malformed("a record is longer than what it holds");
    this.#position = resume;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#bytes = noBytes;
    this.#position = 0;
    this.#end = 0;
    this.#remaining = 0;
    this.#keyLength = -1;
    this.#valueLength = -1;
    this.#recordEnd = 0;
    this.#onRelease?.();
  }

  #decompress(compressionId: number, options: RecordBatchReaderOptions): void {
    if (options.codecs === undefined) {
      throw new KafkaError(
        "UNSUPPORTED_COMPRESSION_TYPE",
        `a batch is compressed with codec ${compressionId}; pass codecs for it`,
      );
    }
    const records = this.#bytes.subarray(this.#position, this.#end);
    const bytesMax = options.decompressedBytesMax ?? decompressedBytesMaxDefault;
    this.#bytes = options.codecs.decompress(compressionId, records, bytesMax);
    this.#position = 0;
    this.#end = this.#bytes.length;
  }

  /** Leaves the cursor before the first record at or above the offset. */
  #skipTo(offset: number): void {
    while (this.#remaining > 0) {
      const start = this.#position;
      this.next();
      if (this.offset >= offset) {
        this.#position = start;
        this.#remaining++;
        return;
      }
    }
  }

  #readHeaders(end: number): Headers {
    const headers: Header[] = [];
    for (let left = this.#readHeaderCount(end); left > 0; left--) {
      const name = this.#readBytes(end);
      if (name === null) throw malformed("a header has no name");
      headers.push([decodeUtf8(name), this.#readBytes(end)]);
    }
    if (this.#position !== end) throw malformed("a record is longer than what it holds");
    return headers;
  }

  /** A header has two bytes at least: a claim beyond that is found out before it costs anything. */
  #readHeaderCount(end: number): number {
    const count = this.#readVarint();
    if (count < 0 || 2 * count > end - this.#position)
      throw malformed(`a record claims ${count} headers`);
    return count;
  }

  #readBytes(end: number): Uint8Array | null {
    const length = this.#skipBytes(end);
    return length < 0 ? null : this.#bytes.subarray(this.#position - length, this.#position);
  }

  /** Gives the length that was skipped; below 0 for null. */
  #skipBytes(end: number): number {
    const length = this.#readVarint();
    if (this.#position > end || length > end - this.#position)
      throw malformed("a header reaches beyond its record");
    if (length > 0) this.#position += length;
    return length;
  }

  /** Beyond the end it reads zeros: what comes of them is checked by the caller. */
  #readVarint(): number {
    const bytes = this.#bytes;
    let position = this.#position;
    let byte = bytes[position++];
    let bits = byte & 0x7f;
    for (let shift = 7; (byte & 0x80) !== 0; shift += 7) {
      if (shift > 28) throw malformed("a varint has more than five bytes");
      byte = position < bytes.length ? bytes[position] : 0;
      position++;
      bits |= (byte & 0x7f) << shift;
    }
    this.#position = position;
    return unZigZag(bits);
  }

  #readVarlong(): number {
    const bytes = this.#bytes;
    let position = this.#position;
    let low = 0;
    let middle = 0;
    let high = 0;
    for (let index = 0; index < 10; index++) {
      const byte = position < bytes.length ? bytes[position] : 0;
      position++;
      const bits = byte & 0x7f;
      if (index < 4) low |= bits << (7 * index);
      else if (index < 8) middle |= bits << (7 * (index - 4));
      else high |= bits << (7 * (index - 8));
      if ((byte & 0x80) === 0) {
        this.#position = position;
        return index < 4 ? unZigZag(low) : unZigZagLong(low, middle, high & 0xff);
      }
    }
    throw malformed("a varlong has more than ten bytes");
  }
}

function malformed(what: string): ProtocolError {
  return new ProtocolError("MALFORMED_BATCH", `a record batch is malformed: ${what}`);
}
