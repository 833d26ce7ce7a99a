import { compareBytes, noBytes, type Timestamp } from "@millrace/model";
import { afterKey } from "../bytes/key-range.ts";
import { toLatin1 } from "../bytes/latin1.ts";
import type { StoreScan } from "../contract/bytes-store.ts";
import type { EntryCursor } from "../contract/store-engine.ts";
import type { OverwrittenEntry } from "./overwritten-entry.ts";
import { SortedMap } from "../sorted/sorted-map.ts";

/** Where a snapshot takes its entries from. */
export interface SnapshotSource {
  scan(range: StoreScan): EntryCursor;
  /** Grows whenever entries moved from one layer to another, where a scan may miss them. */
  readonly moves: number;
  closed(cursor: SnapshotCursor): void;
}

/** What was under a key when the cursor was opened. */
interface KeptEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/** What an entry that is kept costs besides its bytes, roughly. */
const keptOverheadBytes = 96;

/**
 * Shows a store as it was when the cursor was opened: entries that are written later are shown as they were, from what
 * was kept of them, and when entries move between the layers the scan begins again behind the last one.
 */
export class SnapshotCursor implements EntryCursor {
  readonly range: StoreScan;
  /** Of the wall clock; -1 where nobody asks. */
  openedMs: Timestamp = -1;
  readonly #source: SnapshotSource;
  readonly #sign: 1 | -1;
  readonly #kept = new SortedMap<KeptEntry>();
  #keptBytes = 0;
  /** Null: to be opened behind the last entry. */
  #base: EntryCursor | null = null;
  #moves = 0;
  #hasBase = false;
  /** True: what the base stands on was shown, or hidden by what was kept. */
  #isBasePassed = true;
  #key: Uint8Array | null = null;
  #value: Uint8Array | null = null;
  #isClosed = false;
  #failure: unknown = undefined;

  constructor(source: SnapshotSource, range: StoreScan) {
    this.range = range;
    this.#source = source;
    this.#sign = range.direction === "backward" ? -1 : 1;
  }

  next(): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    while (!this.#isClosed) {
      const base = this.#moveOn();
      const kept = this.#nextKept();
      if (base === null && kept === null) {
        this[Symbol.dispose]();
        return false;
      }
      const order = kept === null ? 1 : base === null ? -1 : this.#order(kept.key, base.key);
      this.#isBasePassed = base !== null && order >= 0;
      if (base !== null && order > 0) return this.#show(base.key, base.value);
      if (kept !== null && this.#show(kept.key, kept.value)) return true;
    }
    return false;
  }

  get key(): Uint8Array {
    return this.#key ?? noBytes;
  }

  get value(): Uint8Array {
    return this.#value ?? noBytes;
  }

  /**
   * Told before something is written.
   *
   * @returns bytes that are kept in all
   */
  keep(entry: OverwrittenEntry): number {
    const { key, text } = entry;
    const isPassed = this.#key !== null && this.#order(key, this.#key) <= 0;
    if (isPassed || !this.#isWithin(key) || this.#kept.get(text) !== undefined)
      return this.#keptBytes;
    const value = entry.valueFor(this.range);
    this.#kept.set(text, { key: entry.ownKey, value });
    this.#keptBytes += key.length + (value?.length ?? 0) + keptOverheadBytes;
    return this.#keptBytes;
  }

  /** From now on it throws. */
  fail(failure: unknown): void {
    this[Symbol.dispose]();
    this.#failure = failure;
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#base?.[Symbol.dispose]();
    this.#kept.clear();
    this.#source.closed(this);
  }

  /** The base on the first entry behind the last one, or null. */
  #moveOn(): EntryCursor | null {
    if (this.#base !== null && this.#moves !== this.#source.moves) {
      this.#base[Symbol.dispose]();
      this.#base = null;
    }
    if (this.#base === null) {
      this.#moves = this.#source.moves;
      this.#base = this.#source.scan(this.#rest());
      this.#isBasePassed = true;
    }
    if (this.#isBasePassed) {
      this.#hasBase = this.#base.next();
      this.#isBasePassed = false;
    }
    return this.#hasBase ? this.#base : null;
  }

  #rest(): StoreScan {
    const last = this.#key;
    if (last === null) return this.range;
    return this.#sign > 0 ? { ...this.range, from: afterKey(last) } : { ...this.range, to: last };
  }

  /** The first entry that was kept behind the last one. */
  #nextKept(): KeptEntry | null {
    if (this.#kept.size === 0) return null;
    const last = this.#key === null ? undefined : toLatin1(this.#key);
    const walk =
      this.#sign > 0
        ? this.#kept.walk(last === undefined ? undefined : `${last}\0`, undefined, true)
        : this.#kept.walk(undefined, last, false);
    return walk.next() ? walk.value : null;
  }

  #show(key: Uint8Array, value: Uint8Array | null): boolean {
    this.#key = key;
    this.#value = value;
    return value !== null;
  }

  #order(left: Uint8Array, right: Uint8Array): number {
    return this.#sign * compareBytes(left, right);
  }

  #isWithin(key: Uint8Array): boolean {
    const { from, to } = this.range;
    return (
      (from === undefined || compareBytes(key, from) >= 0) &&
      (to === undefined || compareBytes(key, to) < 0)
    );
  }
}
