import type { BytesStore, StoreScan, WriteContext } from "../contract/bytes-store.ts";
import type { ChangelogWriter } from "../contract/changelog-writer.ts";
import type { EntryCursor } from "../contract/store-engine.ts";
import type { ValueLayout } from "./value-layout.ts";

/**
 * Writes each change to the changelog too (Kafka: `ChangeLoggingKeyValueBytesStore` and its sisters), and first: where
 * the changelog refuses, and a processor catches that, the store does not have it either.
 */
export class LoggedStore implements BytesStore {
  readonly #inner: BytesStore;
  readonly #changelog: ChangelogWriter;
  readonly #layout: ValueLayout;

  constructor(inner: BytesStore, changelog: ChangelogWriter, layout: ValueLayout) {
    this.#inner = inner;
    this.#changelog = changelog;
    this.#layout = layout;
  }

  get(key: Uint8Array): Uint8Array | null {
    return this.#inner.get(key);
  }

  put(key: Uint8Array, value: Uint8Array | null, context: WriteContext): void {
    this.#layout.log(this.#changelog, key, value, context);
    this.#inner.put(key, value, context);
  }

  scan(range: StoreScan): EntryCursor {
    return this.#inner.scan(range);
  }

  approximateEntryCount(): number {
    return this.#inner.approximateEntryCount();
  }
}
