import { copyBytes } from "../../bytes/key-range.ts";
import { toLatin1 } from "../../bytes/latin1.ts";
import type { BytesStore, StoreScan, WriteContext } from "../../contract/bytes-store.ts";
import type { EntryCursor } from "../../contract/store-engine.ts";

/**
 * Keeps so many entries, those that were used last (Kafka: `MemoryNavigableLRUCache`). What goes is deleted in store and
 * changelog before the write for which it goes. Walks are no uses.
 */
export class LruBytes implements BytesStore {
  readonly #logged: BytesStore;
  readonly #entriesMax: number;
  /** From the one whose use is longest ago. */
  readonly #keys = new Map<string, Uint8Array>();

  constructor(logged: BytesStore, entriesMax: number) {
    this.#logged = logged;
    this.#entriesMax = entriesMax;
    this.reset();
  }

  get(key: Uint8Array): Uint8Array | null {
    const text = toLatin1(key);
    const own = this.#keys.get(text);
    if (own === undefined) return null;
    this.#keys.delete(text);
    this.#keys.set(text, own);
    return this.#logged.get(key);
  }

  put(key: Uint8Array, value: Uint8Array | null, context: WriteContext): void {
    const evicted = this.noteWrite(key, value);
    if (evicted !== undefined) this.#logged.put(evicted, null, context);
    this.#logged.put(key, value, context);
  }

  /** Of a write beneath, or of one to come: the key that has to go for it. */
  noteWrite(key: Uint8Array, value: Uint8Array | null): Uint8Array | undefined {
    const text = toLatin1(key);
    const own = this.#keys.get(text) ?? copyBytes(key);
    this.#keys.delete(text);
    if (value === null) return undefined;
    this.#keys.set(text, own);
    if (this.#keys.size <= this.#entriesMax) return undefined;
    const [[eldest, evicted]] = this.#keys;
    this.#keys.delete(eldest);
    return evicted;
  }

  scan(range: StoreScan): EntryCursor {
    return this.#logged.scan(range);
  }

  approximateEntryCount(): number {
    return this.#keys.size;
  }

  /** To what is committed. Of the order, what is known stays; the others count as used longest ago. */
  reset(): void {
    const known = [...this.#keys];
    this.#keys.clear();
    using entries = this.#logged.scan({});
    while (entries.next()) this.#keys.set(toLatin1(entries.key), copyBytes(entries.key));
    for (const [text, key] of known) if (this.#keys.delete(text)) this.#keys.set(text, key);
  }
}
