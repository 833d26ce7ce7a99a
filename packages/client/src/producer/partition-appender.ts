import { ClusterError, type PartitionWriter } from "@millrace/cluster";
import type { Headers, Timestamp } from "@millrace/model";
import { recordSizeBytesMax } from "@millrace/protocol/records";
import type { Accumulator } from "./accumulator.ts";
import type { PartitionBatches, ProducerBatch } from "./partition-batches.ts";

/** What the first batch of a partition takes; later ones take what the one before came to. */
const capacityBytesMin = 1024;

/** Copies records into the open batch of one partition. */
export class PartitionAppender implements PartitionWriter {
  readonly batches: PartitionBatches;
  readonly #accumulator: Accumulator;
  #nextOrdinal = 0;

  constructor(batches: PartitionBatches, accumulator: Accumulator) {
    this.batches = batches;
    this.#accumulator = accumulator;
  }

  get topic(): string {
    return this.batches.topic;
  }

  get partition(): number {
    return this.batches.partition;
  }

  get appendedCount(): number {
    return this.batches.appendedCount;
  }

  append(
    timestamp: Timestamp,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Headers,
  ): boolean {
    const accumulator = this.#accumulator;
    if (accumulator.isRefusing) accumulator.refuse();
    const { batches } = this;
    // What is open is behind it.
    if (accumulator.isBeforeDivision) accumulator.seal(batches);
    const sizeMax = recordSizeBytesMax(key, value, headers);
    let batch = batches.open;
    if (batch !== undefined && batch.builder.sizeBytes + sizeMax > accumulator.batchBytesMax) {
      accumulator.seal(batches);
      batch = undefined;
    }
    batch ??= this.#openBatch(sizeMax);
    const { builder } = batch;
    builder.append(timestamp, key, value, headers);
    accumulator.grow(batch, builder.sizeBytes);
    if (builder.sizeBytes >= accumulator.batchBytesMax || accumulator.isBeforeDivision)
      accumulator.seal(batches);
    return accumulator.hasRoom;
  }

  /** The batch that holds the record appended last, and its index there. */
  get lastAppended(): { readonly batch: ProducerBatch; readonly index: number } | undefined {
    const batch = this.batches.open ?? this.batches.lastSealed;
    return batch && { batch, index: batch.recordCount - 1 };
  }

  #openBatch(sizeMax: number): ProducerBatch {
    const { batches } = this;
    const accumulator = this.#accumulator;
    if (sizeMax > accumulator.recordBytesMax) {
      throw new ClusterError(
        "RECORD_TOO_LARGE",
        `a record of about ${sizeMax} bytes for ${this.topic}-${this.partition} exceeds ` +
          `requestBytesMax (${accumulator.recordBytesMax}); send less, or raise it here and ` +
          "max.message.bytes on the topic",
      );
    }
    const batch = accumulator.newBatch(batches, {
      ordinal: this.#nextOrdinal++,
      capacityBytes: Math.max(this.#usualCapacityBytes(), Math.min(sizeMax + 61, 65_536)),
    });
    batches.open = batch;
    return batch;
  }

  /** What the batch before came to, with room to spare: a buffer a few bytes short would be doubled, and copied. */
  #usualCapacityBytes(): number {
    const sizeBytes = Math.max(capacityBytesMin, this.batches.lastSizeBytes);
    const capacityBytes = 2 ** Math.ceil(Math.log2(sizeBytes));
    return Math.min(this.#accumulator.batchBytesMax, capacityBytes);
  }
}
