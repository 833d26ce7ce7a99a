import type { EngineEntry, EntryCursor, ScanRange, StoreEngine } from "../contract/store-engine.ts";
import { StateError } from "../contract/state-error.ts";
import { toLatin1 } from "../bytes/latin1.ts";
import { copyBytes } from "../bytes/key-range.ts";
import { SortedMap, type SortedWalk } from "../sorted/sorted-map.ts";

/** The stored form of an entry: what was written, owned by the engine. */
interface StoredEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** A sorted map in memory. It takes the byte arrays that it is given and hands out copies of values. */
export class MemoryEngine implements StoreEngine {
  readonly isPersistent: boolean = false;
  readonly #entries = new SortedMap<StoredEntry>();
  #isOpen = true;

  get estimatedEntryCount(): number {
    return this.#entries.size;
  }

  get(key: Uint8Array): Uint8Array | null {
    this.#requireOpen();
    const entry = this.#entries.get(toLatin1(key));
    return entry === undefined ? null : copyBytes(entry.value);
  }

  scan({ from, to, direction }: ScanRange): EntryCursor {
    this.#requireOpen();
    return new MemoryCursor(
      this.#entries.walk(
        from === undefined ? undefined : toLatin1(from),
        to === undefined ? undefined : toLatin1(to),
        direction !== "backward",
      ),
    );
  }

  pin(): EntryCursor {
    this.#requireOpen();
    const entries: StoredEntry[] = [];
    const walk = this.#entries.walk(undefined, undefined, true);
    while (walk.next()) entries.push(walk.value);
    return new PinnedCursor(entries, () => this.#requireOpen());
  }

  write(entries: readonly EngineEntry[]): void {
    this.#requireOpen();
    for (const { key, value } of entries) {
      const text = toLatin1(key);
      if (value === null) this.#entries.delete(text);
      else this.#entries.set(text, { key: ownBytes(key), value: ownBytes(value) });
    }
  }

  deleteRange(from: Uint8Array, to: Uint8Array): void {
    this.#requireOpen();
    const walk = this.#entries.walk(toLatin1(from), toLatin1(to), true);
    while (walk.next()) this.#entries.delete(walk.key);
  }

  close(): Promise<void> {
    this.#isOpen = false;
    return Promise.resolve();
  }

  #requireOpen(): void {
    if (!this.#isOpen)
      throw new StateError("STORE_CLOSED", "the in-memory engine is closed; open its task again");
  }
}

/** A view of something larger would keep all of it alive. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : copyBytes(bytes);
}

/** Entries are replaced, never changed: to have them costs no copy of their bytes. */
class PinnedCursor implements EntryCursor {
  readonly #requireOpen: () => void;
  #entries: readonly StoredEntry[];
  #index = -1;

  constructor(entries: readonly StoredEntry[], requireOpen: () => void) {
    this.#entries = entries;
    this.#requireOpen = requireOpen;
  }

  next(): boolean {
    this.#requireOpen();
    return ++this.#index < this.#entries.length;
  }

  get key(): Uint8Array {
    return this.#entries[this.#index].key;
  }

  get value(): Uint8Array {
    return this.#entries[this.#index].value;
  }

  [Symbol.dispose](): void {
    this.#entries = [];
  }
}

class MemoryCursor implements EntryCursor {
  readonly #walk: SortedWalk<StoredEntry>;

  constructor(walk: SortedWalk<StoredEntry>) {
    this.#walk = walk;
  }

  next(): boolean {
    return this.#walk.next();
  }

  get key(): Uint8Array {
    return this.#walk.value.key;
  }

  get value(): Uint8Array {
    return this.#walk.value.value;
  }

  [Symbol.dispose](): void {}
}
