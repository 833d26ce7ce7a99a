import { valueOf, withTimestamp } from "../../bytes/timestamp-prefix.ts";
import type { BytesStore, StoreScan, WriteContext } from "../../contract/bytes-store.ts";
import type { EntryCursor } from "../../contract/store-engine.ts";

/** Keeps values without the timestamps that those above give them, which read -1 (Kafka: `KeyValueToTimestampedKeyValueByteStoreAdapter`). */
export class UntimedBytes implements BytesStore {
  readonly #bytes: BytesStore;

  constructor(bytes: BytesStore) {
    this.#bytes = bytes;
  }

  get(key: Uint8Array): Uint8Array | null {
    const value = this.#bytes.get(key);
    return value === null ? null : withTimestamp(value, -1);
  }

  put(key: Uint8Array, value: Uint8Array | null, context: WriteContext): void {
    this.#bytes.put(key, value === null ? null : valueOf(value), context);
  }

  scan(range: StoreScan): EntryCursor {
    return new TimedCursor(this.#bytes.scan(range));
  }

  approximateEntryCount(): number {
    return this.#bytes.approximateEntryCount();
  }
}

class TimedCursor implements EntryCursor {
  readonly #inner: EntryCursor;

  constructor(inner: EntryCursor) {
    this.#inner = inner;
  }

  next(): boolean {
    return this.#inner.next();
  }

  get key(): Uint8Array {
    return this.#inner.key;
  }

  get value(): Uint8Array {
    return withTimestamp(this.#inner.value, -1);
  }

  [Symbol.dispose](): void {
    this.#inner[Symbol.dispose]();
  }
}
