import type { StoreCursor, StoreEntry } from "../contract/store-cursor.ts";
import type { EntryCursor } from "../contract/store-engine.ts";

/** How bytes of an entry become what the user sees. */
export interface EntryDecoder<K, S> {
  key(bytes: Uint8Array): K;
  value(bytes: Uint8Array): S;
}

export class TypedCursor<K, S> implements StoreCursor<K, S> {
  readonly #entries: EntryCursor;
  readonly #decoder: EntryDecoder<K, S>;
  #isClosed = false;

  constructor(entries: EntryCursor, decoder: EntryDecoder<K, S>) {
    this.#entries = entries;
    this.#decoder = decoder;
  }

  next(): boolean {
    return !this.#isClosed && this.#entries.next();
  }

  get key(): K {
    return this.#decoder.key(this.#entries.key);
  }

  get value(): S {
    return this.#decoder.value(this.#entries.value);
  }

  *[Symbol.iterator](): Iterator<StoreEntry<K, S>> {
    try {
      while (this.next()) yield { key: this.key, value: this.value };
    } finally {
      this[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#entries[Symbol.dispose]();
  }
}

/** No entries. */
export const noEntries: EntryCursor = {
  next: () => false,
  key: new Uint8Array(0),
  value: new Uint8Array(0),
  [Symbol.dispose]: () => {},
};
