import { noHeaders, type Timestamp } from "@millrace/model";
import { timestampOf, valueOf } from "../bytes/timestamp-prefix.ts";
import type { EntryCursor, ScanRange } from "../contract/store-engine.ts";
import type { ChangelogWriter } from "../contract/task-stores.ts";
import type { BytesStore } from "./bytes-store.ts";

/**
 * Writes each change to the changelog too, after the store (Kafka: `ChangeLoggingKeyValueBytesStore` and its
 * timestamped sister). A timestamped value travels without its timestamp, which becomes the record's.
 */
export class LoggedStore implements BytesStore {
  readonly #inner: BytesStore;
  readonly #changelog: ChangelogWriter;
  readonly #isTimestamped: boolean;

  constructor(inner: BytesStore, changelog: ChangelogWriter, isTimestamped: boolean) {
    this.#inner = inner;
    this.#changelog = changelog;
    this.#isTimestamped = isTimestamped;
  }

  get(key: Uint8Array): Uint8Array | null {
    return this.#inner.get(key);
  }

  put(key: Uint8Array, value: Uint8Array | null, contextTimestamp: Timestamp): void {
    this.#inner.put(key, value, contextTimestamp);
    if (value === null || !this.#isTimestamped)
      this.#changelog.append(contextTimestamp, key, value, noHeaders);
    else this.#changelog.append(timestampOf(value), key, valueOf(value), noHeaders);
  }

  scan(range: ScanRange): EntryCursor {
    return this.#inner.scan(range);
  }

  approximateEntryCount(): number {
    return this.#inner.approximateEntryCount();
  }
}
