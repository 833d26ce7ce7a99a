import {
  decodeUtf8,
  encodeUtf8,
  type Headers,
  type Timestamp,
  type Windowed,
} from "@millrace/model";
import { check } from "@millrace/model/conformance";
import type { StoreEntry } from "../contract/store-cursor.ts";
import type { StoredValue, StoreView } from "../contract/store-view.ts";
import type { WindowedCursor } from "../contract/window-store.ts";
import type { ModelRow, ModelSearch } from "./expiring-model.ts";

/** The rows of a store as a query finds them. */
export function searchView(view: StoreView, search: ModelSearch): WindowedCursor<string, string> {
  const from = bytesOf(search.keyFrom);
  const to = bytesOf(search.keyTo);
  const isOneKey = from !== null && search.keyFrom === search.keyTo;
  if (view.kind === "session") {
    const range = {
      earliestEnd: search.from,
      latestStart: search.latestStart,
      reverse: search.isReverse,
    };
    return new TextRows(
      isOneKey
        ? view.store.findSessions(from, range)
        : view.store.findSessionsOfKeys(from, to, range),
    );
  }
  check(view.kind === "window", "it is asked by key and time");
  const { store } = view as Extract<StoreView, { readonly kind: "window" }>;
  const range = { from: search.from, to: search.to, reverse: search.isReverse };
  if (from === null && to === null) return new TextRows(store.fetchAll(range));
  return new TextRows(isOneKey ? store.fetchRange(from, range) : store.fetchKeys(from, to, range));
}

/** The value of one row. */
export function fetchView(view: StoreView, { key, time, last }: ModelRow): string | null {
  check(view.kind === "window" || view.kind === "session", "it is asked by key and time");
  const bytes = encodeUtf8(key);
  const found =
    view.kind === "session"
      ? view.store.fetchSession(bytes, { start: last, end: time })
      : view.kind === "window"
        ? view.store.fetch(bytes, time)
        : null;
  return found === null ? null : decodeUtf8(found.value);
}

function bytesOf(key: string | null): Uint8Array | null {
  return key === null ? null : encodeUtf8(key);
}

class TextRows implements WindowedCursor<string, string> {
  readonly #rows: WindowedCursor<Uint8Array, StoredValue>;

  constructor(rows: WindowedCursor<Uint8Array, StoredValue>) {
    this.#rows = rows;
  }

  next(): boolean {
    return this.#rows.next();
  }

  get key(): Windowed<string> {
    const { key, window } = this.#rows.key;
    return { key: decodeUtf8(key), window };
  }

  get value(): string {
    return decodeUtf8(this.#rows.value.value);
  }

  get time(): Timestamp {
    return this.#rows.time;
  }

  get headers(): Headers {
    return this.#rows.headers;
  }

  *[Symbol.iterator](): Iterator<StoreEntry<Windowed<string>, string>> {
    while (this.next()) yield { key: this.key, value: this.value };
  }

  [Symbol.dispose](): void {
    this.#rows[Symbol.dispose]();
  }
}
