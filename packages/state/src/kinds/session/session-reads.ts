import type { Window } from "@millrace/model";
import type { ReadOnlySessionStore, SessionRange } from "../../contract/session-store.ts";
import { StateError } from "../../contract/state-error.ts";
import type { WindowedCursor } from "../../contract/window-store.ts";
import type { SegmentedParts } from "../segmented/open-segmented-store.ts";
import type { RowReads, RowSearch } from "../segmented/row-reads.ts";

/** Sessions as they are read, by operators and by queries. */
export class SessionReads<K, V, S> implements ReadOnlySessionStore<K, S> {
  readonly name: string;
  readonly isPersistent: boolean;
  readonly #rows: RowReads<K, V, S>;

  constructor(rows: RowReads<K, V, S>, { name, isPersistent }: SegmentedParts) {
    this.name = name;
    this.isPersistent = isPersistent;
    this.#rows = rows;
  }

  get isOpen(): boolean {
    return this.#rows.isOpen;
  }

  fetchSession(key: K, window: Window): S | null {
    return this.#rows.read(this.rowOf(key, window));
  }

  findSessions(key: K, range?: SessionRange): WindowedCursor<K, S> {
    return this.#rows.ofKey(key, this.#searchOf(range));
  }

  findSessionsOfKeys(from: K | null, to: K | null, range?: SessionRange): WindowedCursor<K, S> {
    return this.#rows.ofKeys(from, to, this.#searchOf(range));
  }

  #searchOf({
    earliestEnd = 0,
    latestStart = Infinity,
    reverse = false,
  }: SessionRange = {}): RowSearch {
    const { keys } = this.#rows;
    const isMeant = (row: Uint8Array): boolean => keys.lastOf(row) <= latestStart;
    return { from: earliestEnd, to: Infinity, isReverse: reverse, isMeant };
  }

  protected rowOf(key: K, { start, end }: Window): Uint8Array {
    if (!(start >= 0 && start <= end))
      throw new StateError(
        "INVALID_STORE_KEY",
        `store ${this.name} was given a session from ${start} to ${end}; sessions start at 0 or later, and end no earlier`,
      );
    return this.#rows.keys.row(this.#rows.encodeKey(key), end, start);
  }
}
