import type { Timestamp } from "@millrace/model";
import type { Serde } from "@millrace/serde";

import type { ProcessorContext } from "../processor/processor.ts";
import { StreamRecord } from "../processor/stream-record.ts";
import { LatestVersions, openTableStore, type TableStore } from "../processor/table-store.ts";

export interface TableUpdatesOptions {
  readonly store: string;
  /** Of the records that come in: their bytes are used where it read them. */
  readonly keySerde: Serde<unknown> | undefined;
  /** Likewise, for `writeValueOf`. */
  readonly valueSerde?: Serde<unknown> | undefined;
  readonly sendsOldValues: boolean;
  /** Of an aggregate: nothing is replaced by the first one; default: the initial one is, as in Kafka. */
  readonly hasExactOldValues?: boolean;
}

/**
 * The store of a table as its operator uses it, and who forwards its updates: the operator itself, or, where the
 * store is cached, each flush of it, in the context of the record that wrote the entry last (Kafka:
 * `TimestampedTupleForwarder`, `TimestampedCacheFlushListener`).
 */
export class TableUpdates<K, V> {
  readonly #context: ProcessorContext;
  readonly #store: TableStore<K, V>;
  /** The same, of a versioned table. */
  readonly #versions: LatestVersions<K, V> | undefined;
  readonly #keySerde: Serde<unknown> | undefined;
  /** Undefined: what it reads is written anew. */
  readonly #valueSerde: Serde<unknown> | undefined;
  readonly #sendsOldValues: boolean;
  /** True: updates are forwarded by the flush; the operator must not. */
  readonly #isCached: boolean;

  constructor(context: ProcessorContext, options: TableUpdatesOptions) {
    const { sendsOldValues } = options;
    this.#context = context;
    this.#keySerde = options.keySerde;
    this.#sendsOldValues = sendsOldValues;
    const store = openTableStore<K, V>(context, options.store);
    this.#store = store;
    this.#versions = store instanceof LatestVersions ? store : undefined;
    const { valueSerde } = options;
    const isKept = valueSerde?.isLossless === true && store.isWrittenBy(valueSerde as Serde<V>);
    this.#valueSerde = isKept ? valueSerde : undefined;
    this.#isCached = this.#store.setFlushListener(
      (key, flushed, old, written) => {
        const { headers, valueTimestamp: timestamp } = written;
        const oldValue = sendsOldValues ? old : undefined;
        const record = StreamRecord.ofFlushed(key, flushed, { oldValue, timestamp, headers });
        context.forwardIn(written, record);
      },
      { sendsOldValues },
    );
  }

  /** The value of the record's key, or null: the caller's own. */
  read(record: StreamRecord): V | null {
    const { key } = record as StreamRecord<K>;
    const bytes = this.#keySerde === undefined ? null : record.keyBytesAsRead(this.#keySerde);
    return this.#store.readForUpdate(key, bytes);
  }

  /** Timestamp of what was read; -1 if there was nothing. */
  get timestampOfRead(): Timestamp {
    return this.#store.timestampOfRead;
  }

  /** True: `write` forwards the old value that it is given. */
  get forwardsOldValues(): boolean {
    return this.#sendsOldValues && !this.#isCached;
  }

  /** What was read, to be forwarded: a copy, where a callback may have changed it since. */
  readAgain(record: StreamRecord, old: V | null): V | null {
    return typeof old === "object" && old !== null ? this.read(record) : old;
  }

  /** Writes the key that was read last, and forwards, now or with the flush. */
  write(record: StreamRecord, newValue: V | null, old: V | null, timestamp: Timestamp): void {
    this.#store.writeUpdated(newValue, timestamp);
    this.#forward(record, newValue, old, timestamp);
  }

  /** As `write`, of a key that was not read: as in Kafka, what lies beneath a cache stays there. */
  put(record: StreamRecord, newValue: V | null, old: V | null, timestamp: Timestamp): void {
    const { key } = record as StreamRecord<K>;
    this.#store.put(key, newValue === null ? null : { value: newValue, timestamp }, timestamp);
    this.#forward(record, newValue, old, timestamp);
  }

  #forward(record: StreamRecord, newValue: V | null, old: V | null, timestamp: Timestamp): void {
    if (this.#isCached) return;
    const put = this.#versions?.lastPut ?? "latest";
    // What the store has not taken has not happened for operators below either.
    if (put === "expired") return;
    const oldValue = this.#sendsOldValues ? old : undefined;
    const isLatest = put === "latest";
    this.#context.forward(record.withChange({ newValue, oldValue, timestamp, isLatest }));
  }

  /** As `write`, where the record's own value is the new one: it is written and forwarded with its bytes. */
  writeValueOf(record: StreamRecord, old: V | null): void {
    const value = (record.value ?? null) as V | null;
    if (this.#versions !== undefined) {
      this.write(record, value, old, record.timestamp);
      return;
    }
    const serde = this.#valueSerde;
    const bytes = serde === undefined ? null : record.valueBytesAsRead(serde);
    this.#store.writeUpdated(value, record.timestamp, bytes);
    if (this.#isCached) return;
    if (!this.#sendsOldValues) this.#context.forward(record);
    // Where the store has other bytes than came, those that look there must not be told of these.
    else if (bytes === null) this.#forward(record, value, old, record.timestamp);
    else this.#context.forward(record.withOldValue(old));
  }
}
