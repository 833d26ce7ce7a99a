import { concatBytes, noHeaders, type Timestamp } from "@millrace/model";
import { bytes, deserializeWith, keyPlace, type Serde, serializeWith } from "@millrace/serde";
import {
  keyValueStore,
  type KeyValueStore,
  type StoreEngineKind,
  type StoreSpecification,
  type TimestampedKeyValueStore,
} from "@millrace/state";

import type { StoreDraft } from "../plan/store-draft.ts";
import { ObservedTime } from "../processor/observed-time.ts";
import type { Processor, ProcessorContext } from "../processor/processor.ts";
import { StreamRecord } from "../processor/stream-record.ts";
import { openTableStore, type TableStore } from "../processor/table-store.ts";
import { changelogName } from "../topology/subtopology.ts";
import type { TableUpdatesOptions } from "./table-updates.ts";

/** The time to live of a table's rows: an addition of ours. */
interface Expiry {
  readonly ttlMs: number;
  readonly keySerde: Serde<unknown>;
  /** Of the deadlines. */
  readonly store: string;
}

type DeadlineStore = KeyValueStore<Uint8Array, Uint8Array>;

/** What makes the rows of a table, and may keep more of a row than the table does. */
export interface RowProcessor extends Processor {
  /**
   * A row has expired: what is kept beside it goes, too. Where this is there, what comes late changes a row that is still
   * there: it says what was taken out of it.
   */
  rowExpired?(key: unknown): void;
}

/** How a table whose rows may expire is processed. */
export interface ExpiringTable {
  readonly supplier: () => Processor;
  /** Besides that of the table. */
  readonly stores: readonly StoreSpecification[];
}

/** The processor of a table, and what it needs, where its store has a time to live. */
export function expiringTable(
  draft: StoreDraft,
  kept: TableUpdatesOptions & { readonly keySerde: Serde<unknown> },
  engine: StoreEngineKind,
  supplier: () => RowProcessor,
): ExpiringTable {
  const { expiry } = draft;
  if (expiry === undefined) return { supplier, stores: [] };
  const store = `${draft.name}-deadlines`;
  const { caching, logging, engine: chosen = engine } = expiry;
  const parts: Expiry = { ttlMs: expiry.ttlMs, keySerde: kept.keySerde, store };
  const specified = { key: bytes(), value: bytes(), caching, logging, engine: chosen, name: store };
  return {
    supplier: () => new ExpiringTableProcessor(supplier(), kept, parts),
    stores: [Object.freeze({ ...keyValueStore(specified), ttlMs: expiry.ttlMs })],
  };
}

/**
 * A table whose rows expire: before each record, those whose time is over by stream time are deleted, with a tombstone that
 * has the time when it was. What comes that late is left out.
 *
 * The store of deadlines has time (8) ++ key for each row, at or before the time when it expires: an update that moves it
 * on writes nothing, and the row is looked at again when the old deadline comes. Behind all stands the time to live that
 * they were computed with: rows of a longer one, or of none, get new deadlines, some with each record.
 */
class ExpiringTableProcessor implements Processor {
  readonly forwardsNewRecords: boolean;
  readonly #inner: RowProcessor;
  readonly #kept: TableUpdatesOptions;
  readonly #expiry: Expiry;
  #context: ProcessorContext | undefined;
  /** What the serde of the keys is told: the rows' own. */
  #topic = "";
  #rows: TableStore<unknown, unknown> | undefined;
  #deadlines: DeadlineStore | undefined;
  #streamTime: ObservedTime | undefined;
  /** No deadline is earlier; the past: not known. */
  #next: Timestamp = -Infinity;
  /** Rows from this key on may have no deadline, null: all; undefined: each has one. */
  #unknownFrom: unknown;

  constructor(inner: RowProcessor, kept: TableUpdatesOptions, expiry: Expiry) {
    this.#inner = inner;
    this.#kept = kept;
    this.#expiry = expiry;
    this.forwardsNewRecords = inner.forwardsNewRecords ?? false;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
    this.#topic = `${context.applicationId}-${changelogName(this.#kept.store)}`;
    this.#inner.init?.(context);
    this.#rows = openTableStore(context, this.#kept.store);
    this.#deadlines = context.store<DeadlineStore>(this.#expiry.store);
    this.#streamTime = new ObservedTime(context, this.#expiry.store);
    const known = this.#deadlines.get(ttlKey);
    const { ttlMs } = this.#expiry;
    if (known === null || timeOf(known) > ttlMs) this.#unknownFrom = null;
    else if (timeOf(known) < ttlMs) this.#deadlines.put(ttlKey, bytesOfTime(ttlMs));
  }

  process(record: StreamRecord): void {
    const rows = this.#rows;
    const deadlines = this.#deadlines;
    if (rows === undefined || deadlines === undefined) return;
    if (record.hasNullKey) {
      this.#inner.process(record);
      return;
    }
    if (this.#unknownFrom !== undefined) this.#noteSome(deadlines);
    const now = this.#streamTime?.observe(record.timestamp) ?? record.timestamp;
    while (this.#next <= now) this.#next = this.#expireFirst(now, rows, deadlines);
    const before = this.#deadlineOf(record.key, rows);
    const isTaken = before !== undefined && this.#inner.rowExpired !== undefined;
    if (record.timestamp + this.#expiry.ttlMs <= now && !isTaken) {
      this.#context?.dropRecord("a row that would have expired already");
      return;
    }
    this.#inner.process(record);
    const deadline = this.#deadlineOf(record.key, rows);
    if (deadline === undefined || (before !== undefined && before <= deadline)) return;
    this.#note(deadline, this.#bytesOf(record.key), deadlines);
  }

  close(): void {
    this.#inner.close?.();
  }

  /** Gives the next deadline; of the one that is over, the row is deleted, unless it was written again. */
  #expireFirst(
    now: Timestamp,
    rows: TableStore<unknown, unknown>,
    deadlines: DeadlineStore,
  ): Timestamp {
    const first = firstFrom(this.#next, deadlines);
    if (first === undefined) return Infinity;
    const time = timeOf(first);
    if (time > now) return time;
    deadlines.put(first, null);
    const keyBytes = first.subarray(8);
    const key = deserializeWith(this.#expiry.keySerde, keyBytes, this.#topic, keyPlace);
    const value = rows.readForUpdate(key, null);
    if (value === null) return time;
    const deadline = rows.timestampOfRead + this.#expiry.ttlMs;
    // In its turn: others may expire before.
    if (deadline > time) {
      this.#note(deadline, keyBytes, deadlines);
      return time;
    }
    this.#context?.taskScope.writeAt(deadline, () => {
      rows.writeUpdated(null, deadline);
      this.#inner.rowExpired?.(key);
    });
    const change = {
      newValue: null,
      oldValue: this.#kept.sendsOldValues ? value : undefined,
      timestamp: deadline,
    };
    if (!rows.isCached) this.#context?.forward(StreamRecord.ofChange(key, change, noHeaders));
    return time;
  }

  /** Rows of which no deadline is known. */
  #noteSome(deadlines: DeadlineStore): void {
    const { ttlMs } = this.#expiry;
    const from = this.#unknownFrom;
    let count = 0;
    using rows = this.#context
      ?.store<TimestampedKeyValueStore<unknown, unknown>>(this.#kept.store)
      .range(from, null);
    for (const { key, value } of rows ?? []) {
      this.#unknownFrom = key;
      count += 1;
      if (count > rowsMax) return;
      this.#note(value.timestamp + ttlMs, this.#bytesOf(key), deadlines);
    }
    this.#unknownFrom = undefined;
    deadlines.put(ttlKey, bytesOfTime(ttlMs));
  }

  #deadlineOf(key: unknown, rows: TableStore<unknown, unknown>): Timestamp | undefined {
    if (rows.readForUpdate(key, null) === null) return undefined;
    return rows.timestampOfRead + this.#expiry.ttlMs;
  }

  #note(deadline: Timestamp, keyBytes: Uint8Array, deadlines: DeadlineStore): void {
    deadlines.put(concatBytes(bytesOfTime(deadline), keyBytes), isThere);
    this.#next = Math.min(this.#next, deadline);
  }

  #bytesOf(key: unknown): Uint8Array {
    return serializeWith(this.#expiry.keySerde, key as object, this.#topic, keyPlace);
  }
}

const isThere = Uint8Array.of(1);
/** Behind all times. */
const ttlKey = Uint8Array.of(0x80);
/** How many rows get a deadline with one record. */
const rowsMax = 1000;

/** What was deleted before is not looked at again. */
function firstFrom(time: Timestamp, deadlines: DeadlineStore): Uint8Array | undefined {
  using rows = deadlines.range(time === -Infinity ? null : bytesOfTime(time), null);
  return rows.next() && rows.key.length > ttlKey.length ? rows.key : undefined;
}

function bytesOfTime(time: Timestamp): Uint8Array {
  const row = new Uint8Array(8);
  new DataView(row.buffer).setBigInt64(0, BigInt(time));
  return row;
}

function timeOf(row: Uint8Array): Timestamp {
  return Number(new DataView(row.buffer, row.byteOffset, row.byteLength).getBigInt64(0));
}
