import type { BytesStore, StoreScan, WriteContext } from "../contract/bytes-store.ts";
import type { EntryCursor } from "../contract/store-engine.ts";
import { hashOf, hashWith, KeyFilter } from "./key-filter.ts";

/**
 * Knows of most keys that they were never written, without asking the engine: the first record of a key looks for what is
 * not there. For stores that were empty when they were opened; of what was there before nothing is known.
 */
export class FilteredStore implements BytesStore {
  readonly #inner: BytesStore;
  readonly #filter = new KeyFilter();

  constructor(inner: BytesStore) {
    this.#inner = inner;
  }

  get(key: Uint8Array): Uint8Array | null {
    return this.#filter.mayHave(hashOfKey(key)) ? this.#inner.get(key) : null;
  }

  put(key: Uint8Array, value: Uint8Array | null, context: WriteContext): void {
    if (value !== null) this.#filter.add(hashOfKey(key));
    this.#inner.put(key, value, context);
  }

  scan(range: StoreScan): EntryCursor {
    return this.#inner.scan(range);
  }

  approximateEntryCount(): number {
    return this.#inner.approximateEntryCount();
  }
}

function hashOfKey(key: Uint8Array): number {
  return hashWith(hashOf(key, 0, key.length), 0);
}

/** The store behind a filter, where it is empty. */
export function filteredIfEmpty(bytes: BytesStore): BytesStore {
  using entries = bytes.scan({});
  return entries.next() ? bytes : new FilteredStore(bytes);
}
