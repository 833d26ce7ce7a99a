import { UnreadableBatchError } from "@millrace/cluster";
import { noHeaders, type Headers, type Offset, type RecordBatchView } from "@millrace/model";
import { KafkaError, ProtocolError } from "@millrace/protocol";
import {
  compressionIdOf,
  readAttributes,
  readRecordCount,
  RecordBatchReader,
  type Compression,
} from "@millrace/protocol/records";
import type { FetchedBytes } from "./fetched-bytes.ts";

/** Where a batch lies, and what is known of it without looking at its records. */
export interface BatchPlace {
  readonly topic: string;
  readonly partition: number;
  readonly position: number;
  readonly sizeBytes: number;
  /** Records below are left out. */
  readonly fromOffset: Offset;
  readonly nextOffset: Offset;
}

/**
 * One batch of a fetch. It is unpacked when its first record is asked for, so that what waits is held as it came;
 * where it cannot be read on, `next` says so.
 */
export class FetchedBatch implements RecordBatchView {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: Offset;
  readonly sizeBytes: number;
  readonly #place: BatchPlace;
  readonly #codecs: Compression | undefined;
  /** Undefined once released. */
  #source: FetchedBytes | undefined;
  #records: RecordBatchReader | undefined;
  #unpackedBytes = 0;
  #headers: Headers = noHeaders;
  /** Offset after the last record given. */
  #readTo: Offset;
  #failure: Error | undefined;

  /** @param damage what is wrong with it, as far as that is known already */
  constructor(
    source: FetchedBytes,
    place: BatchPlace,
    { codecs, damage }: { readonly codecs: Compression | undefined; readonly damage?: unknown },
  ) {
    this.topic = place.topic;
    this.partition = place.partition;
    this.nextOffset = place.nextOffset;
    this.sizeBytes = place.sizeBytes;
    this.#place = place;
    this.#codecs = codecs;
    this.#source = source;
    this.#readTo = place.fromOffset;
    source.use();
    if (damage !== undefined) this.#failure = this.#unreadable(damage);
  }

  get remaining(): number {
    if (this.#source === undefined || this.#failure !== undefined) return 0;
    if (this.#records !== undefined) return this.#records.remaining;
    return Math.max(0, readRecordCount(this.#source.bytes, this.#place.position));
  }

  next(): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      const records = this.#records ?? this.#open();
      if (records === undefined || !records.next()) return false;
      const { offset } = records;
      if (offset < this.#readTo || offset >= this.nextOffset) throw misplaced(offset, this);
      this.#headers = records.hasHeaders ? records.headers : noHeaders;
      this.#readTo = offset + 1;
      return true;
    } catch (cause) {
      // Codecs that were not given are no fault of the batch: skipping it would lose good records.
      const isOurs = cause instanceof KafkaError && this.#codecs === undefined;
      this.#failure = isOurs ? cause : this.#unreadable(cause);
      throw this.#failure;
    }
  }

  get offset(): Offset {
    return this.#readTo - 1;
  }

  get timestamp(): number {
    return this.#records?.timestamp ?? -1;
  }

  get key(): Uint8Array | null {
    return this.#records?.key ?? null;
  }

  get value(): Uint8Array | null {
    return this.#records?.value ?? null;
  }

  get headers(): Headers {
    return this.#headers;
  }

  release(): void {
    const source = this.#source;
    if (source === undefined) return;
    this.#source = undefined;
    this.#headers = noHeaders;
    this.#records?.release();
    source.release(this.#unpackedBytes);
  }

  #open(): RecordBatchReader | undefined {
    const source = this.#source;
    if (source === undefined) return undefined;
    const { position, fromOffset } = this.#place;
    const isPacked = compressionIdOf(readAttributes(source.bytes, position)) !== 0;
    const codecs = this.#codecs;
    this.#records = new RecordBatchReader({
      bytes: source.bytes,
      position,
      fromOffset,
      codecs: isPacked && codecs !== undefined ? this.#counted(codecs, source) : codecs,
    });
    return this.#records;
  }

  /** Codecs that count what they unpack. */
  #counted(codecs: Compression, source: FetchedBytes): Compression {
    return {
      compress: (compressionId, bytes, level) => codecs.compress(compressionId, bytes, level),
      decompress: (compressionId, bytes, sizeBytesMax) => {
        const unpacked = codecs.decompress(compressionId, bytes, sizeBytesMax);
        this.#unpackedBytes = unpacked.length;
        source.unpacked(unpacked.length);
        return unpacked;
      },
    };
  }

  #unreadable(cause: unknown): UnreadableBatchError {
    const { position, sizeBytes } = this.#place;
    const bytes = this.#source?.bytes.slice(position, position + sizeBytes) ?? new Uint8Array(0);
    return new UnreadableBatchError(
      this,
      { offset: this.#readTo, nextOffset: this.nextOffset, bytes },
      cause,
    );
  }
}

function misplaced(offset: Offset, { nextOffset }: FetchedBatch): ProtocolError {
  return new ProtocolError(
    "MALFORMED_BATCH",
    `a record batch is malformed: its records are not in order, or reach beyond its end (${offset} in a batch that ends before ${nextOffset})`,
  );
}
