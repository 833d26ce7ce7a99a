import type { UnreadableBatchError } from "@millrace/cluster";
import {
  messageOf,
  noHeaders,
  type Headers,
  type Offset,
  type RecordBatchView,
  type Timestamp,
} from "@millrace/model";
import { SerdePendingError, type Serde, type WaitBounds } from "@millrace/serde";

import { CallbackError } from "../error/callback-error.ts";
import { isProgramMistake } from "../error/program-mistake.ts";
import { StreamsError, reasonOf, type ErrorPlace } from "../error/streams-error.ts";
import { requireTimestamp } from "../processor/callback-result.ts";
import { StreamRecord } from "../processor/stream-record.ts";
import type { TimestampExtractor } from "../processor/timestamp-extractor.ts";
import type { SourceNode } from "../topology/topology-node.ts";
import type { ErrorResponse } from "./error-policy.ts";
import { RecordHold } from "./record-hold.ts";
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

/**
 * Makes records of the bytes of an input partition: decodes them, as far as they may not be decoded later, and finds their
 * time. What cannot be read is left out, as the policy says.
 */
export class RecordReader {
  readonly hold: RecordHold;
  readonly #source: SourceNode;
  readonly #partition: number;
  readonly #task: TaskContext;
  readonly #errors: QueueErrors;
  readonly #extractor: TimestampExtractor | undefined;
  /** A serde that is not total is tried at the head, looked at or not: what it cannot read is an error. */
  readonly #readsKey: boolean;
  readonly #readsValue: boolean;
  readonly #dropsNullKey: boolean;
  readonly #dropsNullValue: boolean;

  constructor(
    source: SourceNode,
    partition: number,
    { context, errors, waits }: QueueSurroundings,
  ) {
    this.#source = source;
    this.#partition = partition;
    this.#task = context;
    this.#errors = errors;
    this.#extractor = source.timestampExtractor;
    this.hold = new RecordHold({ context, waits, knowsTimes: this.#extractor === undefined });
    this.#readsKey = !canWait(source.keySerde);
    this.#readsValue = !canWait(source.valueSerde);
    this.#dropsNullKey = source.dropsNulls && !source.keySerde.isNullable;
    this.#dropsNullValue = source.dropsNulls && !source.valueSerde.isNullable;
  }

  /**
   * The record at which the batch stands, with its own time; undefined where it was left out, or is held.
   *
   * @param partitionTime highest time before it
   */
  read(batch: RecordBatchView, partitionTime: Timestamp): StreamRecord | undefined {
    const { key, value } = batch;
    if ((this.#dropsNullValue && value === null) || (this.#dropsNullKey && key === null))
      return this.#drop(batch, "null, and the serde does not take it");
    const { keySerde, valueSerde } = this.#source;
    const record = StreamRecord.ofBytes({
      topic: batch.topic,
      key,
      value,
      timestamp: batch.timestamp,
      headers: batch.headers,
      keySerde,
      valueSerde,
    });
    const isRead = this.#readsKey || this.#readsValue;
    if (isRead && !this.#decode(record, batch)) return undefined;
    const timestamp = this.#timeOf(record, batch, partitionTime);
    if (timestamp < 0) return this.#drop(batch, "negative timestamp");
    return timestamp === record.timestamp ? record : record.withTimestamp(timestamp);
  }

  /** The rest of a batch that cannot be read is left out as one record would be. */
  leaveOutRest(cause: UnreadableBatchError): void {
    const error = new StreamsError(
      "DESERIALIZATION_FAILED",
      `records cannot be read: ${messageOf(cause.cause)}. To skip them, set onDeserializationError, or commit offset ${cause.nextOffset} for the group`,
      { ...this.#task.placeOf(this.#source.name), ...this.#place(cause), cause },
    );
    const timestamp = this.#task.wallTime();
    this.#leaveOut({ error, key: null, value: cause.bytes, timestamp, headers: noHeaders });
  }

  #leaveOut(unreadable: UnreadableRecord): void {
    if (this.#errors.onUnreadable(unreadable) === "fail") throw unreadable.error;
    this.#task.dropped.counter.add(1);
  }

  #decode(record: StreamRecord, batch: RecordBatchView): boolean {
    try {
      if (this.#readsKey) record.decodeKey();
      if (this.#readsValue) record.decodeValue();
      this.hold.release();
      return true;
    } catch (cause) {
      if (cause instanceof SerdePendingError && this.hold.hold(cause, batch)) return false;
      this.hold.release();
      const error = new StreamsError(
        "DESERIALIZATION_FAILED",
        `a record cannot be read: ${reasonOf(cause)}${isProgramMistake(cause) ? "" : ". Use the serde it was written with, or set onDeserializationError"}`,
        { ...this.#task.placeOf(this.#source.name), ...this.#place(batch), cause },
      );
      const { key, value, timestamp, headers } = batch;
      this.#leaveOut({ error, key, value, timestamp, headers });
      return false;
    }
  }

  #timeOf(record: StreamRecord, batch: RecordBatchView, partitionTime: Timestamp): Timestamp {
    const extractor = this.#extractor;
    if (extractor === undefined) {
      const { timestamp } = batch;
      if (timestamp < 0 || timestamp > Number.MAX_SAFE_INTEGER) throw this.#invalidTimestamp(batch);
      return timestamp;
    }
    const input = {
      key: record.key,
      value: record.value,
      topic: batch.topic,
      partition: this.#partition,
      offset: batch.offset,
      timestamp: batch.timestamp,
      headers: batch.headers,
    };
    try {
      return requireTimestamp(extractor(input, partitionTime), "timestampExtractor");
    } catch (cause) {
      throw new StreamsError(
        "INVALID_TIMESTAMP",
        cause instanceof CallbackError
          ? cause.message
          : `the timestamp extractor threw: ${messageOf(cause)}`,
        { ...this.#task.placeOf(this.#source.name), ...this.#place(batch), cause },
      );
    }
  }

  #invalidTimestamp(batch: RecordBatchView): StreamsError {
    return new StreamsError(
      "INVALID_TIMESTAMP",
      `the record has the timestamp ${batch.timestamp}; write records with a time in milliseconds since 1970, or give the source a timestampExtractor`,
      { ...this.#task.placeOf(this.#source.name), ...this.#place(batch) },
    );
  }

  #drop(batch: RecordBatchView, reason: string): undefined {
    this.#task.dropped.add(reason, { node: this.#source.name, ...this.#place(batch) });
    return undefined;
  }

  #place({ topic, offset }: { readonly topic: string; readonly offset: Offset }): ErrorPlace {
    return { topic, partition: this.#partition, offset };
  }
}

/** True: it may be read when somebody looks, or never. */
function canWait({ isTotal, usesPlace }: Serde<unknown>): boolean {
  return isTotal === true && usesPlace !== true;
}
