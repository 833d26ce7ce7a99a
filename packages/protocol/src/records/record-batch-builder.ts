import { encodeUtf8, type Headers, invariant, noBytes, noHeaders } from "@millrace/model";
import { ProtocolError } from "../protocol-error.ts";
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from "../wire/varint.ts";
import {
  batchHeaderBytes,
  batchAttributes,
  noPartitionLeaderEpoch,
  noProducerEpoch,
  noProducerId,
  noSequence,
  noTimestamp,
  writeBatchHeader,
} from "./batch-header.ts";
import { type Compression, compressionIdOfName, type CompressionName } from "./compression.ts";

/** Shorter copies are faster byte by byte. */
const shortCopyBytes = 32;
/**
 * Varints of one record at their longest: length, timestamp, offset, key, value, header count; and
 * its attributes.
 */
const recordOverheadBytesMax = 5 + 1 + 10 + 5 + 5 + 5 + 5;

export interface RecordBatchBuilderOptions {
  /** Bytes taken at first; grows as needed. Default 16 KiB. */
  readonly capacityBytes?: number;
  /** What timestamps are relative to. Default: the first record's. */
  readonly baseTimestamp?: number;
}

export interface BuildOptions {
  /** Default -1: none. */
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
  /** Default 0: brokers assign it. */
  readonly baseOffset?: number;
  readonly partitionLeaderEpoch?: number;
  /**
   * At least the last record's. Default: the last record's. Compaction keeps the offsets of what
   * is gone.
   */
  readonly lastOffsetDelta?: number;
  /** Stamps all records with the greatest timestamp, or with the one given. */
  readonly logAppendTime?: number;
  /** The base timestamp given to the builder is a delete horizon. */
  readonly hasDeleteHorizon?: boolean;
  /** Default "none". */
  readonly compression?: CompressionName;
  /** Default: the codecs' own. */
  readonly compressionLevel?: number;
  /** What compresses; needed unless `compression` is "none". */
  readonly codecs?: Compression;
}

/**
 * Encodes records into one batch (Kafka: `MemoryRecordsBuilder`). Keys, values and headers are
 * copied
 * at once. After `build` the builder is empty and takes the next batch.
 *
 * @example
 * const builder = new RecordBatchBuilder();
 * builder.append(Date.now(), key, value, noHeaders);
 * const batch = builder.build({ producerId, producerEpoch, baseSequence });
 */
export class RecordBatchBuilder {
  readonly #capacityBytes: number;
  readonly #fixedBaseTimestamp: number | undefined;
  /** Taken by the first record, given away by `build`. */
  #bytes: Uint8Array = noBytes;
  #position = batchHeaderBytes;
  #recordCount = 0;
  #lastOffsetDelta = -1;
  #baseTimestamp: number;
  #maxTimestamp = noTimestamp;

  constructor(options: RecordBatchBuilderOptions = {}) {
    this.#capacityBytes = Math.max(options.capacityBytes ?? 16 * 1024, batchHeaderBytes);
    this.#fixedBaseTimestamp = options.baseTimestamp;
    this.#baseTimestamp = options.baseTimestamp ?? noTimestamp;
  }

  get recordCount(): number {
    return this.#recordCount;
  }

  /** Bytes of the batch so far, header included, before compression. */
  get sizeBytes(): number {
    return this.#position;
  }

  /** -1 while there is no record. */
  get maxTimestamp(): number {
    return this.#maxTimestamp;
  }

  /** Adds a record at the next offset. */
  append(
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Headers,
  ): void {
    this.appendAt(this.#lastOffsetDelta + 1, { timestamp, key, value, headers });
  }

  /** Adds a record at an offset above the last one's, relative to the batch. */
  appendAt(
    offsetDelta: number,
    record: {
      readonly timestamp: number;
      readonly key: Uint8Array | null;
      readonly value: Uint8Array | null;
      readonly headers: Headers;
    },
  ): void {
    const { timestamp, key, value, headers } = record;
    if (offsetDelta <= this.#lastOffsetDelta || offsetDelta > 0x7fffffff) {
      throw new ProtocolError(
        "INVALID_VALUE",
        `offset delta ${offsetDelta} does not follow ${this.#lastOffsetDelta}`,
      );
    }
    if (this.#recordCount === 0 && this.#fixedBaseTimestamp === undefined)
      this.#baseTimestamp = timestamp;
    const timestampDelta = timestamp - this.#baseTimestamp;
    const keyBytes = key === null ? 0 : key.length;
    const valueBytes = value === null ? 0 : value.length;
    const names = headers === noHeaders || headers.length === 0 ? undefined : encodeNames(headers);
    const bodyBytes =
      1 +
      sizeOfVarlong(timestampDelta) +
      sizeOfVarint(offsetDelta) +
      sizeOfVarint(key === null ? -1 : keyBytes) +
      keyBytes +
      sizeOfVarint(value === null ? -1 : valueBytes) +
      valueBytes +
      (names === undefined ? 1 : sizeOfHeaders(headers, names));
    const bytes = this.#reserve(bodyBytes + 5);
    let position = writeVarint(bytes, this.#position, bodyBytes);
    const end = position + bodyBytes;
    bytes[position++] = 0;
    position = writeVarlong(bytes, position, timestampDelta);
    position = writeVarint(bytes, position, offsetDelta);
    position = writeBytes(bytes, position, key);
    position = writeBytes(bytes, position, value);
    if (names === undefined) bytes[position++] = 0;
    else position = writeHeaders(bytes, position, { headers, names });
    invariant(position === end, "PROTOCOL-6");
    this.#position = position;
    this.#lastOffsetDelta = offsetDelta;
    this.#recordCount++;
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
  }

  /**
   * The batch, a view of the builder's buffer that is the caller's from now on. Without records it
   * is
   * an empty batch, as compaction keeps them.
   */
  build(options: BuildOptions = {}): Uint8Array {
    this.#reserve(0);
    const compressionId = compressionIdOfName(options.compression ?? "none");
    const batch =
      compressionId === 0
        ? this.#bytes.subarray(0, this.#position)
        : this.#compress(compressionId, options);
    writeBatchHeader(batch, 0, batch.length, {
      baseOffset: options.baseOffset ?? 0,
      partitionLeaderEpoch: options.partitionLeaderEpoch ?? noPartitionLeaderEpoch,
      attributes: batchAttributes({
        compressionId,
        isLogAppendTime: options.logAppendTime !== undefined,
        isTransactional: options.isTransactional,
        isControl: options.isControl,
        hasDeleteHorizon: options.hasDeleteHorizon,
      }),
      lastOffsetDelta: Math.max(options.lastOffsetDelta ?? 0, this.#lastOffsetDelta, 0),
      baseTimestamp: this.#baseTimestamp,
      maxTimestamp: options.logAppendTime ?? this.#maxTimestamp,
      producerId: options.producerId ?? noProducerId,
      producerEpoch: options.producerEpoch ?? noProducerEpoch,
      baseSequence: options.baseSequence ?? noSequence,
      recordCount: this.#recordCount,
    });
    this.#reset(compressionId !== 0);
    return batch;
  }

  #compress(compressionId: number, options: BuildOptions): Uint8Array {
    const { codecs, compression, compressionLevel } = options;
    if (codecs === undefined) {
      throw new ProtocolError(
        "INVALID_VALUE",
        `compression "${compression}" needs codecs; pass those of @millrace/protocol/compression`,
      );
    }
    const compressed = codecs.compress(
      compressionId,
      this.#bytes.subarray(batchHeaderBytes, this.#position),
      compressionLevel,
    );
    const batch = new Uint8Array(batchHeaderBytes + compressed.length);
    batch.set(compressed, batchHeaderBytes);
    return batch;
  }

  #reset(keepsBuffer: boolean): void {
    if (!keepsBuffer) this.#bytes = noBytes;
    this.#position = batchHeaderBytes;
    this.#recordCount = 0;
    this.#lastOffsetDelta = -1;
    this.#baseTimestamp = this.#fixedBaseTimestamp ?? noTimestamp;
    this.#maxTimestamp = noTimestamp;
  }

  #reserve(length: number): Uint8Array {
    const needed = this.#position + length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length, this.#capacityBytes));
      grown.set(this.#bytes.subarray(0, this.#position));
      this.#bytes = grown;
    }
    return this.#bytes;
  }
}

/** Most bytes that a record takes in a batch, without looking at more than lengths. */
export function recordSizeBytesMax(
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: Headers,
): number {
  let size = recordOverheadBytesMax + (key?.length ?? 0) + (value?.length ?? 0);
  for (let index = 0; index < headers.length; index++) {
    const [name, bytes] = headers[index];
    size += 10 + 3 * name.length + (bytes?.length ?? 0);
  }
  return size;
}

function encodeNames(headers: Headers): readonly Uint8Array[] {
  return headers.map(([name]) => encodeUtf8(name));
}

function sizeOfHeaders(headers: Headers, names: readonly Uint8Array[]): number {
  let size = sizeOfVarint(headers.length);
  for (let index = 0; index < headers.length; index++) {
    const name = names[index].length;
    const value = headers[index][1];
    size += sizeOfVarint(name) + name;
    size += value === null ? 1 : sizeOfVarint(value.length) + value.length;
  }
  return size;
}

function writeHeaders(
  bytes: Uint8Array,
  position: number,
  { headers, names }: { readonly headers: Headers; readonly names: readonly Uint8Array[] },
): number {
  position = writeVarint(bytes, position, headers.length);
  for (let index = 0; index < headers.length; index++) {
    position = writeBytes(bytes, position, names[index]);
    position = writeBytes(bytes, position, headers[index][1]);
  }
  return position;
}

function writeBytes(bytes: Uint8Array, position: number, source: Uint8Array | null): number {
  if (source === null) {
    bytes[position] = 1;
    return position + 1;
  }
  const length = source.length;
  position = writeVarint(bytes, position, length);
  if (length >= shortCopyBytes) bytes.set(source, position);
  else for (let index = 0; index < length; index++) bytes[position + index] = source[index];
  return position + length;
}
