import { UnreadableBatchError } from "@millrace/cluster";
import {
  noHeaders,
  type Headers,
  type Offset,
  type RecordBatchView,
  type Timestamp,
} from "@millrace/model";
import { SerdePendingError, type Serde, SerdeWait, type WaitBounds } from "@millrace/serde";

import { CallbackError } from "../error/callback-error.ts";
import { isProgramMistake } from "../error/program-mistake.ts";
import { StreamsError, messageOf, reasonOf, type ErrorPlace } from "../error/streams-error.ts";
import { requireTimestamp } from "../processor/callback-result.ts";
import { StreamRecord } from "../processor/stream-record.ts";
import type { TimestampExtractor } from "../processor/timestamp-extractor.ts";
import type { SourceNode } from "../topology/topology-node.ts";
import type { ErrorResponse } from "./error-policy.ts";
import type { TaskContext } from "./task-context.ts";

/** A record that cannot be read, or the rest of a batch. The error says where it lies. */
export interface UnreadableRecord {
  readonly error: StreamsError;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly timestamp: Timestamp;
  readonly headers: Headers;
}

/** Decides about records that cannot be read. */
export interface QueueErrors {
  onUnreadable(unreadable: UnreadableRecord): ErrorResponse;
}

export interface QueueSurroundings {
  readonly context: TaskContext;
  readonly errors: QueueErrors;
  /** Of records whose serde must first fetch something. */
  readonly waits: WaitBounds;
}

/** The record at which a queue stands, and which cannot be read yet. */
interface HeldRecord {
  readonly offset: Offset;
  /** As it was written; -Infinity where an extractor will say. */
  readonly timestamp: Timestamp;
  readonly wait: SerdeWait;
}

/**
 * The batches of one input partition, of which only the first record (the head) is looked at (Kafka:
 * `RecordQueue`). The head's views hold until `takeHead` was followed by `advance`.
 *
 * A record whose serde must first fetch something is held: there is no head until `resume` finds it there, or the bound
 * has passed, which makes it one that cannot be read.
 */
export class RecordQueue {
  readonly topic: string;
  readonly partition: number;
  readonly source: SourceNode;
  /** Highest timestamp taken; -1 before the first. */
  partitionTime: Timestamp = -1;
  head: StreamRecord | undefined = undefined;
  /**
   * True: all that came was left out. It stands in for a head until its turn comes, so that an input whose records
   * cannot be read does not make the others wait (Kafka: `CorruptedRecord`).
   */
  isSpent = false;
  headTimestamp: Timestamp = -1;
  headOffset: Offset = -1;
  /** Topic of the head: another than the queue's where that is a pattern. */
  headTopic: string;
  /** Offset after all that is done or was left out; -1 if nothing came yet. */
  position: Offset = -1;
  /** What was committed last, and what is being committed; -1 before the first. */
  committedOffset: Offset = -1;
  offeredOffset: Offset = -1;
  /** True: records were done since the last commit. */
  hasMoved = false;
  /** Until when to wait for records of this empty queue, on the monotonic clock; -1: not waiting. */
  idleDeadlineMs = -1;
  readonly #task: TaskContext;
  readonly #errors: QueueErrors;
  readonly #waits: WaitBounds;
  readonly #extractor: TimestampExtractor | undefined;
  /** A serde that is not total is tried at the head, looked at or not: what it cannot read is an error. */
  readonly #readsKey: boolean;
  readonly #readsValue: boolean;
  readonly #dropsNullKey: boolean;
  readonly #dropsNullValue: boolean;
  #batches: RecordBatchView[] = [];
  #first = 0;
  #isTaken = false;
  #held: HeldRecord | undefined;
  /** True: something was left out since the last head. */
  #hasLeftOut = false;

  constructor(
    source: SourceNode,
    partition: { readonly topic: string; readonly partition: number },
    { context, errors, waits }: QueueSurroundings,
  ) {
    this.source = source;
    this.topic = partition.topic;
    this.headTopic = partition.topic;
    this.partition = partition.partition;
    this.#task = context;
    this.#errors = errors;
    this.#waits = waits;
    this.#extractor = source.timestampExtractor;
    this.#readsKey = !canWait(source.keySerde);
    this.#readsValue = !canWait(source.valueSerde);
    this.#dropsNullKey = source.dropsNulls && !source.keySerde.isNullable;
    this.#dropsNullValue = source.dropsNulls && !source.valueSerde.isNullable;
  }

  /** Records that wait, the head included. */
  get size(): number {
    let size = this.hasHead || this.isHeld ? 1 : 0;
    for (let index = this.#first; index < this.#batches.length; index++)
      size += this.#batches[index].remaining;
    return size;
  }

  /** True: it has a turn to take. */
  get hasHead(): boolean {
    return this.head !== undefined || this.isSpent;
  }

  /** True: there is no head because its serde must first fetch something. */
  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /** Of the record that is held; -Infinity: it cannot be told, or -1 where none is held. */
  get heldTimestamp(): Timestamp {
    return this.#held?.timestamp ?? -1;
  }

  /** Of the record that waits for its turn, or its serde; undefined: none does. */
  get nextOffset(): Offset | undefined {
    return this.head === undefined ? this.#held?.offset : this.headOffset;
  }

  /** Takes a batch over; it is released when its last record is done. */
  add(batch: RecordBatchView): void {
    this.#batches.push(batch);
    if (!this.hasHead && !this.isHeld) this.advance();
  }

  /**
   * Takes the head out of the queue; undefined where there was nothing but records that were left out. Its bytes
   * hold until `advance`, which says that it is done.
   */
  takeHead(): StreamRecord | undefined {
    this.isSpent = false;
    const head = this.head;
    if (head === undefined) return undefined;
    if (this.headTimestamp > this.partitionTime) this.partitionTime = this.headTimestamp;
    this.#isTaken = true;
    this.head = undefined;
    return head;
  }

  /** What was taken is to be taken again. */
  giveBack(head: StreamRecord): void {
    this.#isTaken = false;
    this.head = head;
  }

  /** What was taken is done: makes the next record that can be read the head; undefined if none is left. */
  advance(): void {
    if (this.#isTaken) {
      this.#isTaken = false;
      this.position = this.headOffset + 1;
      this.hasMoved = true;
    }
    this.#hasLeftOut = false;
    this.#findHead(false);
  }

  /** Tries the record again that is held, if it is time. */
  resume(): void {
    if (this.#held?.wait.isOver === true) this.#findHead(true);
  }

  /** @param isThere true: the first batch stands at the record already */
  #findHead(isThere: boolean): void {
    let isAtRecord = isThere;
    while (this.#first < this.#batches.length) {
      const batch = this.#batches[this.#first];
      while (isAtRecord || this.#next(batch)) {
        isAtRecord = false;
        const head = this.#read(batch);
        if (head !== undefined) {
          this.head = head;
          return;
        }
        if (this.isHeld) return;
        this.#leftOut(batch.offset + 1);
      }
      if (batch.nextOffset > this.position) this.position = batch.nextOffset;
      batch.release();
      this.#first += 1;
    }
    this.#batches = [];
    this.#first = 0;
    this.isSpent = this.#hasLeftOut;
    if (this.isSpent) this.headTimestamp = -1;
  }

  clear(): void {
    for (let index = this.#first; index < this.#batches.length; index++)
      this.#batches[index].release();
    this.#batches = [];
    this.#first = 0;
    this.head = undefined;
    this.isSpent = false;
    this.#release();
  }

  /** Where the rest of a batch cannot be read, that is left out as one record would be. */
  #next(batch: RecordBatchView): boolean {
    try {
      return batch.next();
    } catch (cause) {
      if (!(cause instanceof UnreadableBatchError)) throw cause;
      const { bytes, nextOffset } = cause;
      const error = new StreamsError(
        "DESERIALIZATION_FAILED",
        `records cannot be read: ${messageOf(cause.cause)}. To skip them, set onDeserializationError, or commit offset ${nextOffset} for the group`,
        { ...this.#task.placeOf(this.source.name), ...this.#place(cause), cause },
      );
      const timestamp = this.#task.wallTime();
      this.#leaveOut({ error, key: null, value: bytes, timestamp, headers: noHeaders });
      this.#leftOut(nextOffset);
      return false;
    }
  }

  #leftOut(nextOffset: Offset): void {
    this.#hasLeftOut = true;
    this.position = nextOffset;
    this.hasMoved = true;
  }

  #leaveOut(unreadable: UnreadableRecord): void {
    if (this.#errors.onUnreadable(unreadable) === "fail") throw unreadable.error;
    this.#task.dropped.counter.add(1);
  }

  #read(batch: RecordBatchView): StreamRecord | undefined {
    const { key, value } = batch;
    if ((this.#dropsNullValue && value === null) || (this.#dropsNullKey && key === null))
      return this.#drop(batch, "null, and the serde does not take it");
    const { keySerde, valueSerde } = this.source;
    let timestamp = batch.timestamp;
    const record = StreamRecord.ofBytes({
      topic: batch.topic,
      key,
      value,
      timestamp,
      headers: batch.headers,
      keySerde,
      valueSerde,
    });
    const isRead = this.#readsKey || this.#readsValue;
    if (isRead && !this.#decode(record, batch)) return undefined;
    if (this.#extractor !== undefined) timestamp = this.#extract(record, batch, this.#extractor);
    else if (timestamp < 0 || timestamp > Number.MAX_SAFE_INTEGER)
      throw this.#invalidTimestamp(batch);
    if (timestamp < 0) return this.#drop(batch, "negative timestamp");
    this.headTimestamp = timestamp;
    this.headOffset = batch.offset;
    this.headTopic = batch.topic;
    return timestamp === record.timestamp ? record : record.withTimestamp(timestamp);
  }

  #decode(record: StreamRecord, batch: RecordBatchView): boolean {
    try {
      if (this.#readsKey) record.decodeKey();
      if (this.#readsValue) record.decodeValue();
      this.#release();
      return true;
    } catch (cause) {
      if (cause instanceof SerdePendingError && this.#hold(cause, batch)) return false;
      this.#release();
      const error = new StreamsError(
        "DESERIALIZATION_FAILED",
        `a record cannot be read: ${reasonOf(cause)}${isProgramMistake(cause) ? "" : ". Use the serde it was written with, or set onDeserializationError"}`,
        { ...this.#task.placeOf(this.source.name), ...this.#place(batch), cause },
      );
      const { key, value, timestamp, headers } = batch;
      this.#leaveOut({ error, key, value, timestamp, headers });
      return false;
    }
  }

  /** @returns false where it has been held for too long */
  #hold(pending: SerdePendingError, { topic, offset, timestamp }: RecordBatchView): boolean {
    const held = this.#held;
    if (held?.wait.isTooLong === true) return false;
    if (held !== undefined) held.wait.again(pending);
    else {
      const wait = new SerdeWait(pending, this.#waits);
      const isKnown = this.#extractor === undefined;
      this.#held = { offset, timestamp: isKnown ? timestamp : -Infinity, wait };
      this.#task.logger.log("info", "streams.partition-held", {
        task: this.#task.taskName,
        topic,
        partition: this.partition,
        offset,
        reason: pending.message,
      });
    }
    return true;
  }

  #release(): void {
    this.#held?.wait.close();
    this.#held = undefined;
  }

  #extract(record: StreamRecord, batch: RecordBatchView, extractor: TimestampExtractor): Timestamp {
    const input = {
      key: record.key,
      value: record.value,
      topic: batch.topic,
      partition: this.partition,
      offset: batch.offset,
      timestamp: batch.timestamp,
      headers: batch.headers,
    };
    try {
      return requireTimestamp(extractor(input, this.partitionTime), "timestampExtractor");
    } catch (cause) {
      throw new StreamsError(
        "INVALID_TIMESTAMP",
        cause instanceof CallbackError
          ? cause.message
          : `the timestamp extractor threw: ${messageOf(cause)}`,
        { ...this.#task.placeOf(this.source.name), ...this.#place(batch), cause },
      );
    }
  }

  #invalidTimestamp(batch: RecordBatchView): StreamsError {
    return new StreamsError(
      "INVALID_TIMESTAMP",
      `the record has the timestamp ${batch.timestamp}; write records with a time in milliseconds since 1970, or give the source a timestampExtractor`,
      { ...this.#task.placeOf(this.source.name), ...this.#place(batch) },
    );
  }

  #drop(batch: RecordBatchView, reason: string): undefined {
    this.#task.dropped.add(reason, { node: this.source.name, ...this.#place(batch) });
    return undefined;
  }

  #place({ topic, offset }: { readonly topic: string; readonly offset: Offset }): ErrorPlace {
    return { topic, partition: this.partition, offset };
  }
}

/** True: it may be read when somebody looks, or never. */
function canWait({ isTotal, usesPlace }: Serde<unknown>): boolean {
  return isTotal === true && usesPlace !== true;
}
