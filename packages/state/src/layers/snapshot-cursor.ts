import { compareBytes, noBytes } from "@millrace/model";
import { afterKey, copyBytes } from "../bytes/key-range.ts";
import { toLatin1 } from "../bytes/latin1.ts";
import type { EntryCursor, ScanRange } from "../contract/store-engine.ts";
import { SortedMap } from "../sorted/sorted-map.ts";

/** Where a snapshot takes its entries from. */
export interface SnapshotSource {
  scan(range: ScanRange): EntryCursor;
  /** Grows whenever entries moved from one layer to another, where a scan may miss them. */
  readonly moves: number;
  closed(cursor: SnapshotCursor): void;
}

/** What was under a key when the cursor was opened. */
interface KeptEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/**
 * Shows a store as it was when the cursor was opened: entries that are written later are shown as they were, from what
 * was kept of them, and when entries move between the layers the scan begins again behind the last one.
 */
export class SnapshotCursor implements EntryCursor {
  readonly #source: SnapshotSource;
  readonly #range: ScanRange;
  readonly #sign: 1 | -1;
  readonly #kept = new SortedMap<KeptEntry>();
  #keptBytes = 0;
  #base: EntryCursor;
  #moves: number;
  /** True: the base stands on an entry that was not shown. */
  #hasBase = false;
  #isBaseShown = true;
  #key: Uint8Array | null = null;
  /** Null: the base has it. */
  #value: Uint8Array | null = null;
  #isClosed = false;
  #failure: unknown = undefined;

  constructor(source: SnapshotSource, range: ScanRange) {
    this.#source = source;
    this.#range = range;
    this.#sign = range.direction === "backward" ? -1 : 1;
    this.#base = source.scan(range);
    this.#moves = source.moves;
  }

  next(): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isClosed) return false;
    this.#moveOn();
    for (;;) {
      const kept = this.#nextKept();
      if (kept === undefined && !this.#hasBase) {
        this[Symbol.dispose]();
        return false;
      }
      const order = kept === undefined ? 1 : this.#hasBase ? this.#compare(kept.key) : -1;
      if (order >= 0 && this.#hasBase) this.#isBaseShown = true;
      if (kept === undefined || order > 0) {
        this.#key = this.#base.key;
        this.#value = null;
        return true;
      }
      this.#key = kept.key;
      this.#value = kept.value;
      if (kept.value !== null) return true;
      this.#moveOn();
    }
  }

  get key(): Uint8Array {
    return this.#key ?? noBytes;
  }

  get value(): Uint8Array {
    return this.#value ?? this.#base.value;
  }

  /**
   * Told before a key is written.
   *
   * @param valueOf gives what is there
   * @returns bytes that are kept in all
   */
  keep(key: Uint8Array, valueOf: () => Uint8Array | null): number {
    const last = this.#key;
    const order = last === null ? 1 : this.#sign * compareBytes(key, last);
    const text = toLatin1(key);
    if (order <= 0 || !this.#isWithin(key) || this.#kept.get(text) !== undefined)
      return this.#keptBytes;
    const value = valueOf();
    this.#kept.set(text, { key: copyBytes(key), value });
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
    this.#base[Symbol.dispose]();
    this.#kept.clear();
    this.#source.closed(this);
  }

  #moveOn(): void {
    if (this.#moves !== this.#source.moves) this.#scanAgain();
    if (!this.#isBaseShown) return;
    this.#hasBase = this.#base.next();
    this.#isBaseShown = false;
  }

  #scanAgain(): void {
    this.#moves = this.#source.moves;
    this.#base[Symbol.dispose]();
    const last = this.#key;
    const rest = this.#sign > 0 ? last && { from: afterKey(last) } : last && { to: last };
    this.#base = this.#source.scan({ ...this.#range, ...rest });
    this.#isBaseShown = true;
  }

  /** The first entry that was kept behind the last one shown. */
  #nextKept(): KeptEntry | undefined {
    if (this.#kept.size === 0) return undefined;
    const last = this.#key === null ? undefined : toLatin1(this.#key);
    const walk =
      this.#sign > 0
        ? this.#kept.walk(last === undefined ? undefined : `${last}\0`, undefined, true)
        : this.#kept.walk(undefined, last, false);
    return walk.next() ? walk.value : undefined;
  }

  #compare(key: Uint8Array): number {
    return this.#sign * compareBytes(key, this.#base.key);
  }

  #isWithin(key: Uint8Array): boolean {
    const { from, to } = this.#range;
    return (
      (from === undefined || compareBytes(key, from) >= 0) &&
      (to === undefined || compareBytes(key, to) < 0)
    );
  }
}

/** What an entry that is kept costs besides its bytes, roughly. */
const keptOverheadBytes = 96;
