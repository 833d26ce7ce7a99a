import type { Offset } from "@millrace/model";
import { RecordBatchBuilder } from "@millrace/protocol/records";

/** Batches of one partition that may be with the broker at once: as many as it remembers of a producer. */
export const batchesInFlightMax = 5;

/** Who writes (Kafka: `ProducerIdAndEpoch`). Compared by reference: a bump makes a new one. */
export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** What became of the record at an index of a batch; a batch that was divided answers by its parts. */
export type OffsetOf = (index: number) => Offset | Promise<Offset>;

export interface ProducerBatchOptions {
  readonly owner: PartitionBatches;
  /** Grows by one from batch to batch of a partition: their order. */
  readonly ordinal: number;
  readonly createdMs: number;
  /** Counts flushes: which of them waits for this batch. */
  readonly flushEpoch: number;
  readonly capacityBytes: number;
  /** The partition's count of records before each record of the batch, or before the first one alone. */
  readonly appendIndexes: number | readonly number[];
}

/** Records of one partition on their way: open, then sealed, then stamped with a sequence and sent. */
export class ProducerBatch {
  readonly owner: PartitionBatches;
  /** Changes where others are put before it that was never sent. */
  ordinal: number;
  readonly createdMs: number;
  readonly flushEpoch: number;
  readonly builder: RecordBatchBuilder;
  /** Bytes that count against the writer's buffer. */
  sizeBytes = 0;
  recordCount = 0;
  /** What is sent; undefined until it is stamped. */
  bytes: Uint8Array | undefined;
  identity: ProducerIdentity | undefined;
  baseSequence = -1;
  /** How often it was sent. */
  attempts = 0;
  /** True once it was sent without an answer that tells whether it was written. */
  mayBeWritten = false;
  readonly #appendIndexes: number | readonly number[];
  #completion: PromiseWithResolvers<OffsetOf> | undefined;

  constructor(options: ProducerBatchOptions) {
    this.owner = options.owner;
    this.ordinal = options.ordinal;
    this.createdMs = options.createdMs;
    this.flushEpoch = options.flushEpoch;
    this.builder = new RecordBatchBuilder({ capacityBytes: options.capacityBytes });
    this.#appendIndexes = options.appendIndexes;
  }

  /** Settles with the batch. Made only for those who ask. */
  get completion(): Promise<OffsetOf> {
    if (this.#completion === undefined) {
      this.#completion = Promise.withResolvers();
      // Whoever asked has the promise; nobody else must hear of a rejection.
      this.#completion.promise.catch(() => {});
    }
    return this.#completion.promise;
  }

  appendIndexOf(index: number): number {
    const indexes = this.#appendIndexes;
    return typeof indexes === "number" ? indexes + index : indexes[index];
  }

  complete(offsetOf: OffsetOf): void {
    this.#completion?.resolve(offsetOf);
  }

  fail(error: unknown): void {
    this.#completion?.reject(error);
  }

  /** Each record has the outcome that it has in another batch, or an error of its own. */
  completeBy(parts: readonly BatchPart[], errors?: ReadonlyMap<number, Error>): void {
    if (this.#completion === undefined) return;
    const outcomes = new Map<number, () => Promise<Offset>>();
    for (const { batch, indexes } of parts) {
      const { completion } = batch;
      for (const [at, index] of indexes.entries())
        outcomes.set(index, async () => (await completion)(at));
    }
    this.complete((index) => outcomes.get(index)?.() ?? Promise.reject(errors?.get(index)));
  }
}

/** A batch with some of the records of another one, by their indexes there. */
export interface BatchPart {
  readonly batch: ProducerBatch;
  readonly indexes: readonly number[];
}

/**
 * The batches of one partition: the open one, those that wait, and those that are with the broker.
 *
 * ```
 * append ──> open ──seal──> queue ──stamp, send──> inFlight ──> acknowledged
 *                             ^                        │
 *                             └──── retry, in order ───┘
 * ```
 */
export class PartitionBatches {
  readonly topic: string;
  readonly partition: number;
  open: ProducerBatch | undefined;
  /** Sealed batches in order, retries first. */
  readonly queue: ProducerBatch[] = [];
  readonly inFlight: ProducerBatch[] = [];
  /** Who the next sequence belongs to. */
  identity: ProducerIdentity | undefined;
  nextSequence = 0;
  /** The identity under which a batch was acknowledged last. */
  provenIdentity: ProducerIdentity | undefined;
  /** Sequences are lost: batches behind the ordinal get new ones, as soon as nothing is in flight. */
  restart: { readonly ordinal: number; readonly sequence: number } | undefined;
  /** Retries wait until then. */
  notBeforeMs = 0;
  /** Failures in a row, for the pause. */
  failures = 0;
  /** Why the last attempt failed. */
  lastError: unknown;
  /** Broker whose queue it stands in. */
  nodeId = -1;
  /** End of what was acknowledged; undefined until something was. */
  endOffset: Offset | undefined;
  /** The batch that was open last. */
  lastSealed: ProducerBatch | undefined;
  /** What it came to, in bytes. */
  lastSizeBytes = 0;
  #sealedRecordCount = 0;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  get appendedCount(): number {
    return this.#sealedRecordCount + (this.open?.recordCount ?? 0);
  }

  /** Takes the open batch out, complete; undefined where there is none. */
  takeOpen(): ProducerBatch | undefined {
    const batch = this.open;
    if (batch === undefined) return undefined;
    this.#sealedRecordCount += batch.recordCount;
    this.open = undefined;
    this.lastSealed = batch;
    this.lastSizeBytes = batch.sizeBytes;
    return batch;
  }

  /** Puts a new batch before those that wait for a later transaction. */
  enqueueBefore(batch: ProducerBatch, isHeld: (batch: ProducerBatch) => boolean): void {
    const { queue } = this;
    const at = queue.findIndex(isHeld);
    if (at < 0) {
      queue.push(batch);
      return;
    }
    const ordinals = [...queue.slice(at), batch].map(({ ordinal }) => ordinal);
    queue.splice(at, 0, batch);
    for (const [index, ordinal] of ordinals.entries()) queue[at + index].ordinal = ordinal;
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

  /** True if a batch before it is not acknowledged yet, or never will be: a gap in the sequences is no wonder. */
  isBehindOther({ ordinal }: ProducerBatch): boolean {
    if (this.restart !== undefined && this.restart.ordinal <= ordinal) return true;
    const isEarlier = (other: ProducerBatch) => other.ordinal < ordinal;
    return this.inFlight.some(isEarlier) || this.queue.some(isEarlier);
  }

  /** The sequences of a batch will never be seen: within an identity those behind it move up. */
  restartAt({ ordinal, baseSequence }: ProducerBatch): void {
    if (this.restart === undefined || ordinal < this.restart.ordinal)
      this.restart = { ordinal, sequence: baseSequence };
  }
}
