import type { Timestamp } from "@millrace/model";
import type { BytesStore, EngineBytes, StoreScan } from "../../contract/bytes-store.ts";
import type { EntryCursor } from "../../contract/store-engine.ts";
import type { CacheBudget } from "../../contract/cache-budget.ts";
import { RecentRows, type FoundRow } from "./recent-rows.ts";
import { RowFilters } from "./row-filters.ts";
import type { RowKeys } from "./row-keys.ts";
import { SegmentLedger } from "./segment-ledger.ts";
import type { SegmentSet } from "./segment-set.ts";

/**
 * What it means to delete a row. `counted`: a write like others. `uncounted`: where it comes too late nothing is counted
 * as left out, and in an exact store it brings no time. `ignored`: each row has a key of its own, so that it deletes
 * nothing; but in an exact store it is a write like others.
 */
export type Deletions = "counted" | "uncounted" | "ignored";

/** How long rows live. */
export interface RowLife {
  readonly retentionMs: number;
  /** True: what has expired is refused to the millisecond, as Kafka's stores in memory do; false: with its segment. */
  readonly isExact: boolean;
  /** True: what expires with the newest time is still seen, as in Kafka's stores that are ordered by time. */
  readonly showsExpiring: boolean;
  readonly deletions: Deletions;
  /** See `RowFilters`. */
  readonly filterStepMs: number;
  /** Where rows have their memory that were written last; null: they are written again, or cached. */
  readonly memory: CacheBudget | null;
  /** Told of a write that is left out. */
  readonly drop: () => void;
}

/** Rows by segments of time, which expire (Kafka: `AbstractRocksDBSegmentedBytesStore`, `InMemoryWindowStore`). */
export class SegmentedBytes implements BytesStore {
  readonly ledger: SegmentLedger;
  readonly #bytes: EngineBytes;
  readonly #keys: RowKeys;
  readonly #life: RowLife;
  /** Of rows that are not among the recent ones. */
  readonly #filters: RowFilters;
  /** Of rows that are written by now, where that is not the same as what is searched for. */
  readonly #written: RowFilters | undefined;
  readonly #recent: RecentRows | undefined;
  readonly #readRow = (row: Uint8Array): Uint8Array | null => this.#bytes.get(row);
  #newestTime: Timestamp;

  /** @param known see `SegmentLedger` */
  constructor(bytes: EngineBytes, keys: RowKeys, life: RowLife, known?: SegmentSet) {
    this.#bytes = bytes;
    this.#keys = keys;
    this.#life = life;
    this.ledger = new SegmentLedger(bytes, keys, life.retentionMs, known);
    this.#filters = new RowFilters(keys, life.filterStepMs);
    if (life.filterStepMs > 1 && life.memory === null) this.#written = new RowFilters(keys, 1);
    if (life.memory !== null)
      this.#recent = new RecentRows(keys, life.memory, (keyHash, time) =>
        this.#filters.noteHash(keyHash, time),
      );
    this.#newestTime = this.ledger.streamTime;
  }

  get isExact(): boolean {
    return this.#life.isExact;
  }

  get retentionMs(): number {
    return this.#life.retentionMs;
  }

  /** Rows of earlier times are hidden. */
  get visibleFrom(): Timestamp {
    return this.ledger.expiry + (this.#life.showsExpiring ? 0 : 1);
  }

  /** Rows of earlier times are refused, or going to be deleted. */
  get keptFrom(): Timestamp {
    return this.#life.isExact ? this.visibleFrom : this.#keys.startOfSegment(this.ledger.firstLive);
  }

  /** No row is of a later time, in a cache above neither. */
  get newestTime(): Timestamp {
    return this.#newestTime;
  }

  /** A row is going to be written, now or when a cache is flushed. */
  note(row: Uint8Array): void {
    const segment = this.#keys.segmentIn(row);
    if (this.ledger.segments.add(segment)) {
      this.#filters.begin(segment);
      this.#written?.begin(segment);
    }
    if (this.#recent === undefined) this.#filters.note(row);
    const time = this.#keys.timeOf(row);
    if (time > this.#newestTime) this.#newestTime = time;
  }

  /** The segments that may hold rows of a key between two times, both inclusive, in their order. */
  segmentsOfKey(key: Uint8Array, from: Timestamp, to: Timestamp): readonly number[] {
    const { segments } = this.ledger;
    const between = segments.between(this.#keys.segmentOf(from), this.#keys.segmentOf(to));
    if (this.#recent !== undefined) return between;
    return between.filter((segment) => this.#filters.mayHoldBetween(segment, key, from, to));
  }

  /** The rows of a key between two times, both inclusive, in their order. Undefined: the engine has to be asked. */
  recentOfKey(key: Uint8Array, from: Timestamp, to: Timestamp): FoundRow[] | undefined {
    if (this.#recent === undefined) return undefined;
    const { segments } = this.ledger;
    const last = this.#keys.segmentOf(to);
    for (const segment of segments.between(this.#keys.segmentOf(from), last))
      if (this.#filters.mayHoldBetween(segment, key, from, to)) return undefined;
    return this.#recent.find({
      key,
      from: Math.max(from, this.visibleFrom),
      to,
      read: this.#readRow,
    });
  }

  /** What is not committed is gone, and what had expired by it is not. */
  discard(): void {
    if (this.#recent !== undefined) {
      this.#recent.clear();
      this.#filters.retain(() => false);
    }
    this.ledger.reset();
  }

  /** Forgets segments but those for which `isKept` says so. */
  retainSegments(isKept: (segment: number) => boolean): void {
    this.ledger.segments.retain(isKept);
    this.#filters.retain(isKept);
    this.#written?.retain(isKept);
  }

  nextSequence(): number {
    this.ledger.sequence = (this.ledger.sequence + 1) & 0x7fffffff;
    return this.ledger.sequence;
  }

  get(row: Uint8Array): Uint8Array | null {
    return this.valueSeenFrom(row, this.visibleFrom);
  }

  valueSeenFrom(row: Uint8Array, visibleFrom: Timestamp): Uint8Array | null {
    if (this.#keys.timeOf(row) < visibleFrom) return null;
    const filters = this.#written ?? this.#filters;
    const mayBeThere = this.#recent !== undefined || filters.mayHold(row);
    return mayBeThere ? this.#bytes.get(row) : null;
  }

  put(row: Uint8Array, value: Uint8Array | null): void {
    if (this.#apply(row, value)) return;
    if (value !== null || this.#life.deletions !== "uncounted") this.#life.drop();
  }

  /** A row's time counts, although the row itself is going to be deleted: told where it comes too late. */
  noteTime(row: Uint8Array): void {
    if (!this.#advance(row)) this.#life.drop();
  }

  /** As `put`, of what the changelog has; what has expired is not there. */
  restore(row: Uint8Array, value: Uint8Array | null, sequence: number): void {
    if (sequence > this.ledger.sequence) this.ledger.sequence = sequence;
    this.note(row);
    this.#apply(row, value);
  }

  scan(range: StoreScan): EntryCursor {
    const visibleFrom = range.visibleFrom ?? this.visibleFrom;
    return new VisibleRows(this.#bytes.scan(range), this.#keys, visibleFrom);
  }

  approximateEntryCount(): number {
    return this.#bytes.approximateEntryCount();
  }

  /** False: it came too late. */
  #apply(row: Uint8Array, value: Uint8Array | null): boolean {
    const { isExact, deletions } = this.#life;
    if (value === null && deletions === "ignored") return !isExact || this.#advance(row);
    const bringsTime = value !== null || deletions === "counted" || !isExact;
    if (bringsTime && !this.#advance(row)) return false;
    this.#bytes.put(row, value);
    if (value !== null) {
      this.#recent?.add(row, value, this.visibleFrom);
      this.#written?.note(row);
    }
    return true;
  }

  /** Takes note of a row's time. False: it has expired. */
  #advance(row: Uint8Array): boolean {
    const time = this.#keys.timeOf(row);
    this.ledger.advance(time);
    return this.#life.isExact
      ? time > this.ledger.expiry
      : this.#keys.segmentIn(row) >= this.ledger.firstLive;
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
