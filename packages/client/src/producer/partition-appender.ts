import { ClusterError, type PartitionWriter } from "@millrace/cluster";
import type { Headers, Offset, Timestamp } from "@millrace/model";
import { recordSizeBytesMax } from "@millrace/protocol/records";
import type { Accumulator } from "./accumulator.ts";
import type { ProducerBatch, ProducerIdentity } from "./producer-batch.ts";

/** Batches of one partition that may be with the broker at once: as many as it remembers of a producer. */
export const batchesInFlightMax = 5;
/** What the first batch of a partition takes; later ones take what the one before came to. */
const capacityBytesMin = 1024;

/**
 * One partition's side of a writer: the open batch, those that wait, and those that are with the broker.
 *
 * ```
 * append ──> open ──seal──> queue ──stamp, send──> inFlight ──> acknowledged
 *                             ^                        │
 *                             └──── retry, in order ───┘
 * ```
 */
export class PartitionAppender implements PartitionWriter {
  readonly topic: string;
  readonly partition: number;
  readonly #accumulator: Accumulator;
  open: ProducerBatch | undefined;
  /** Sealed batches in order, retries first. */
  readonly queue: ProducerBatch[] = [];
  readonly inFlight: ProducerBatch[] = [];
  /** Who the next sequence belongs to. */
  identity: ProducerIdentity | undefined;
  nextSequence = 0;
  /** The identity under which a batch was acknowledged last. */
  provenIdentity: ProducerIdentity | undefined;
  /** A sequence is lost: what is queued gets new ones, as soon as nothing is in flight. */
  mustRestamp = false;
  /** Retries wait until then. */
  notBeforeMs = 0;
  /** Failures in a row, for the pause. */
  failures = 0;
  /** Broker whose queue it stands in. */
  nodeId = -1;
  /** End of what was acknowledged; undefined until something was. */
  endOffset: Offset | undefined;
  #nextOrdinal = 0;
  #capacityBytes = capacityBytesMin;

  constructor(topic: string, partition: number, accumulator: Accumulator) {
    this.topic = topic;
    this.partition = partition;
    this.#accumulator = accumulator;
  }

  append(
    timestamp: Timestamp,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Headers,
  ): boolean {
    const accumulator = this.#accumulator;
    if (accumulator.isRefusing) accumulator.refuse();
    const sizeMax = recordSizeBytesMax(key, value, headers);
    let batch = this.open;
    if (batch !== undefined && batch.builder.sizeBytes + sizeMax > accumulator.batchBytesMax) {
      accumulator.seal(this);
      batch = undefined;
    }
    batch ??= this.#openBatch(sizeMax);
    const { builder } = batch;
    builder.append(timestamp, key, value, headers);
    accumulator.grow(batch, builder.sizeBytes);
    if (builder.sizeBytes >= accumulator.batchBytesMax) accumulator.seal(this);
    return accumulator.hasRoom;
  }

  /** The batch that holds the record appended last, and its index there. */
  get lastAppended(): { readonly batch: ProducerBatch; readonly index: number } | undefined {
    const batch = this.open ?? this.#lastSealed;
    return batch && { batch, index: batch.recordCount - 1 };
  }

  #lastSealed: ProducerBatch | undefined;

  /** Takes the open batch out, complete; undefined where there is none. */
  takeOpen(): ProducerBatch | undefined {
    const batch = this.open;
    if (batch === undefined) return undefined;
    this.open = undefined;
    this.#lastSealed = batch;
    const { batchBytesMax } = this.#accumulator;
    // With room to spare: a buffer a few bytes short would be doubled, and copied.
    const capacityBytes = 2 ** Math.ceil(Math.log2(Math.max(capacityBytesMin, batch.sizeBytes)));
    this.#capacityBytes = Math.min(batchBytesMax, capacityBytes);
    return batch;
  }

  /** Puts a batch back at its place in the order. */
  requeue(batch: ProducerBatch): void {
    const at = this.queue.findIndex(({ ordinal }) => ordinal > batch.ordinal);
    if (at < 0) this.queue.push(batch);
    else this.queue.splice(at, 0, batch);
  }

  removeInFlight(batch: ProducerBatch): void {
    const at = this.inFlight.indexOf(batch);
    if (at >= 0) this.inFlight.splice(at, 1);
  }

  /** True if no batch before it is still open to be acknowledged. */
  isFirstUnacknowledged(batch: ProducerBatch): boolean {
    const isEarlier = ({ ordinal }: ProducerBatch) => ordinal < batch.ordinal;
    return !this.inFlight.some(isEarlier) && !this.queue.some(isEarlier);
  }

  #openBatch(sizeMax: number): ProducerBatch {
    const accumulator = this.#accumulator;
    if (sizeMax > accumulator.recordBytesMax) {
      throw new ClusterError(
        "RECORD_TOO_LARGE",
        `a record of about ${sizeMax} bytes for ${this.topic}-${this.partition} exceeds ` +
          `requestBytesMax (${accumulator.recordBytesMax}); send less, or raise it here and ` +
          "max.message.bytes on the topic",
      );
    }
    const batch = accumulator.newBatch(this, {
      ordinal: this.#nextOrdinal++,
      capacityBytes: Math.max(this.#capacityBytes, Math.min(sizeMax + 61, 65_536)),
    });
    this.open = batch;
    return batch;
  }
}
