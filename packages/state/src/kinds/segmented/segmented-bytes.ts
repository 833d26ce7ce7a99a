import type { Timestamp } from "@millrace/model";
import { readInt64, writeInt64 } from "../../bytes/int64.ts";
import type { BytesStore, EngineBytes, StoreScan } from "../../contract/bytes-store.ts";
import type { EntryCursor } from "../../contract/store-engine.ts";
import type { RowKeys } from "./row-keys.ts";
import { SegmentSet } from "./segment-set.ts";

/**
 * What it means to delete a row. `counted`: a write like others. `uncounted`: where it comes too late nothing is counted
 * as left out, and in an exact store it brings no time. `ignored`: it does nothing, each row has a key of its own.
 */
export type Deletions = "counted" | "uncounted" | "ignored";

/** How long rows live. */
export interface RowLife {
  readonly retentionMs: number;
  /** True: what has expired is refused to the millisecond, as Kafka's stores in memory do; false: with its segment. */
  readonly isExact: boolean;
  readonly deletions: Deletions;
  /** Told of a write that is left out. */
  readonly drop: () => void;
}

/** Behind all segments: the newest time (8) and the last sequence number (8) of what is committed. */
const noteKey = Uint8Array.of(0xff);

/**
 * Rows by segments of time. They expire by the newest time that was written, which is committed with them: neither a
 * crash nor an abort lets a row come back (Kafka: `AbstractRocksDBSegmentedBytesStore`, `InMemoryWindowStore`).
 */
export class SegmentedBytes implements BytesStore {
  readonly segments = new SegmentSet();
  readonly #bytes: EngineBytes;
  readonly #keys: RowKeys;
  readonly #life: RowLife;
  #streamTime: Timestamp = -1;
  #sequence = 0;
  #hasNews = false;

  constructor(bytes: EngineBytes, keys: RowKeys, life: RowLife) {
    this.#bytes = bytes;
    this.#keys = keys;
    this.#life = life;
    this.reset();
  }

  /** Rows of earlier times are hidden. */
  get visibleFrom(): Timestamp {
    return this.#streamTime - this.#life.retentionMs + 1;
  }

  nextSequence(): number {
    this.#hasNews = true;
    this.#sequence = (this.#sequence + 1) & 0x7fffffff;
    return this.#sequence;
  }

  get sequence(): number {
    return this.#sequence;
  }

  get(row: Uint8Array): Uint8Array | null {
    return this.valueSeenFrom(row, this.visibleFrom);
  }

  valueSeenFrom(row: Uint8Array, visibleFrom: Timestamp): Uint8Array | null {
    return this.#keys.timeOf(row) < visibleFrom ? null : this.#bytes.get(row);
  }

  put(row: Uint8Array, value: Uint8Array | null, contextTimestamp: Timestamp): void {
    if (this.#apply(row, value, contextTimestamp)) return;
    if (value !== null || this.#life.deletions === "counted") this.#life.drop();
  }

  /** As `put`, of what the changelog has; what has expired is not there. */
  restore(row: Uint8Array, value: Uint8Array | null, sequence: number): void {
    this.#sequence = Math.max(this.#sequence, sequence);
    this.#apply(row, value, -1);
  }

  scan(range: StoreScan): EntryCursor {
    const visibleFrom = range.visibleFrom ?? this.visibleFrom;
    return new VisibleRows(this.#bytes.scan(range), this.#keys, visibleFrom);
  }

  approximateEntryCount(): number {
    return this.#bytes.approximateEntryCount();
  }

  /** Before a commit. */
  note(): void {
    if (!this.#hasNews) return;
    const note = new Uint8Array(16);
    writeInt64(note, 0, this.#streamTime);
    writeInt64(note, 8, this.#sequence);
    this.#bytes.put(noteKey, note, -1);
    this.#hasNews = false;
  }

  /** After a commit: the first segment that lives, where others were dropped. */
  dropExpired(): number | undefined {
    const firstLive = this.#keys.segmentOf(this.#streamTime - this.#life.retentionMs);
    const { first } = this.segments;
    if (first === undefined || first >= firstLive) return undefined;
    this.#bytes.dropBelow(this.#keys.boundOf(firstLive));
    return firstLive;
  }

  /** Back to what is committed. */
  reset(): void {
    const note = this.#bytes.get(noteKey);
    this.#streamTime = note === null ? -1 : readInt64(note, 0);
    this.#sequence = note === null ? 0 : readInt64(note, 8);
    this.#hasNews = false;
    this.segments.clear();
    for (let id = this.#segmentFrom(0); id !== undefined; id = this.#segmentFrom(id + 1))
      this.segments.add(id);
  }

  #segmentFrom(id: number): number | undefined {
    using rows = this.#bytes.scan({ from: this.#keys.boundOf(id), to: noteKey });
    return rows.next() ? this.#keys.segmentIn(rows.key) : undefined;
  }

  /** False: it came too late. */
  #apply(row: Uint8Array, value: Uint8Array | null, contextTimestamp: Timestamp): boolean {
    const { isExact, deletions } = this.#life;
    if (value === null && deletions === "ignored") return true;
    const bringsTime = value !== null || deletions === "counted" || !isExact;
    if (bringsTime && !this.#advance(row)) return false;
    this.#write(row, value, contextTimestamp);
    return true;
  }

  /** Takes note of a row's time. False: it has expired. */
  #advance(row: Uint8Array): boolean {
    const time = this.#keys.timeOf(row);
    this.#hasNews = true;
    this.#streamTime = Math.max(this.#streamTime, time);
    const end = this.#streamTime - this.#life.retentionMs;
    return this.#life.isExact ? time > end : this.#keys.segmentIn(row) >= this.#keys.segmentOf(end);
  }

  #write(row: Uint8Array, value: Uint8Array | null, contextTimestamp: Timestamp): void {
    this.segments.add(this.#keys.segmentIn(row));
    this.#bytes.put(row, value, contextTimestamp);
  }
}

/** Passes over rows that have expired. */
class VisibleRows implements EntryCursor {
  readonly #rows: EntryCursor;
  readonly #keys: RowKeys;
  readonly #visibleFrom: Timestamp;

  constructor(rows: EntryCursor, keys: RowKeys, visibleFrom: Timestamp) {
    this.#rows = rows;
    this.#keys = keys;
    this.#visibleFrom = visibleFrom;
  }

  next(): boolean {
    while (this.#rows.next())
      if (this.#keys.timeOf(this.#rows.key) >= this.#visibleFrom) return true;
    return false;
  }

  get key(): Uint8Array {
    return this.#rows.key;
  }

  get value(): Uint8Array {
    return this.#rows.value;
  }

  [Symbol.dispose](): void {
    this.#rows[Symbol.dispose]();
  }
}
