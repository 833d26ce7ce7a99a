import type { Timestamp } from "@millrace/model";
import { StateError } from "../../contract/state-error.ts";
import type {
  ReadOnlyWindowStore,
  TimeRange,
  WindowedCursor,
} from "../../contract/window-store.ts";
import type { SegmentedParts } from "../segmented/open-segmented-store.ts";
import type { RowReads, RowSearch } from "../segmented/row-reads.ts";
import type { SegmentedBytes } from "../segmented/segmented-bytes.ts";

export interface WindowStoreParts extends SegmentedParts {
  readonly retainDuplicates: boolean;
}

/** Windows as they are read, by operators and by queries. */
export class WindowReads<K, V, S> implements ReadOnlyWindowStore<K, S> {
  readonly name: string;
  readonly isPersistent: boolean;
  protected readonly bytes: SegmentedBytes;
  protected readonly retainsDuplicates: boolean;
  readonly #rows: RowReads<K, V, S>;

  constructor(
    rows: RowReads<K, V, S>,
    { name, isPersistent, bytes, retainDuplicates }: WindowStoreParts,
  ) {
    this.name = name;
    this.isPersistent = isPersistent;
    this.#rows = rows;
    this.bytes = bytes;
    this.retainsDuplicates = retainDuplicates;
  }

  get isOpen(): boolean {
    return this.#rows.isOpen;
  }

  fetch(key: K, start: Timestamp): S | null {
    const sequence = this.retainsDuplicates ? this.bytes.ledger.sequence : 0;
    return this.#rows.read(this.rowOf(this.#rows.encodeKey(key), start, sequence));
  }

  fetchRange(key: K, range?: TimeRange): WindowedCursor<K, S> {
    return this.#rows.ofKey(key, searchOf(range));
  }

  fetchKeys(from: K | null, to: K | null, range?: TimeRange): WindowedCursor<K, S> {
    return this.#rows.ofKeys(from, to, searchOf(range));
  }

  fetchAll(range?: TimeRange): WindowedCursor<K, S> {
    return this.#rows.ofAll(searchOf(range));
  }

  protected rowOf(keyBytes: Uint8Array, start: Timestamp, sequence = 0): Uint8Array {
    this.#requireStart(start);
    return this.#rows.keys.row(keyBytes, start, sequence);
  }

  /** As `rowOf`, for whoever reads or copies it at once: it holds until the next call. */
  protected rowAtOnce(keyBytes: Uint8Array, start: Timestamp): Uint8Array {
    this.#requireStart(start);
    return this.#rows.keys.rowAtOnce(keyBytes, start, 0);
  }

  #requireStart(start: Timestamp): void {
    if (!(start >= 0))
      throw new StateError(
        "INVALID_STORE_KEY",
        `store ${this.name} was given a window that starts at ${start}; windows start at 0 or later`,
      );
  }
}

function searchOf({ from = 0, to = Infinity, reverse = false }: TimeRange = {}): RowSearch {
  return { from, to, isReverse: reverse };
}
