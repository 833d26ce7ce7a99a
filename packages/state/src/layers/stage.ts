import type { EngineEntry } from "../contract/store-engine.ts";
import { toLatin1 } from "../bytes/latin1.ts";
import { SortedMap, type SortedWalk } from "../sorted/sorted-map.ts";
import type { OverlayCursor } from "./merge-cursor.ts";
import { StagedWrites } from "./staged-writes.ts";

/** What an uncommitted write costs besides its bytes, roughly. */
const overheadBytes = 96;

/** Writes that are listed before they are put in order, which finds those that replaced others. */
const listedMax = 65_536;

/** Bytes of uncommitted writes of all stores of a task. */
export class StageBudget {
  readonly sizeBytesMax: number;
  usedBytes = 0;

  constructor(sizeBytesMax: number) {
    this.sizeBytesMax = sizeBytesMax;
  }
}

/**
 * Uncommitted writes of one store, under the keys that the engine will see. They are only listed until somebody
 * reads: most are written by a flush and committed before anybody does.
 */
export class Stage {
  readonly #writes = new SortedMap<EngineEntry>();
  /** Writes that are not in the map yet, newer than it. */
  readonly #listed = new StagedWrites();
  readonly #budget: StageBudget;
  #sizeBytes = 0;

  constructor(budget: StageBudget) {
    this.#budget = budget;
  }

  get isEmpty(): boolean {
    return this.#listed.length === 0 && this.#writes.size === 0;
  }

  /** What was written last under a key, by its latin1 text: views, to be copied before they are kept. */
  get(text: string): EngineEntry | undefined {
    if (this.#listed.length > 0) this.#index();
    return this.#writes.get(text);
  }

  /** Copies a write under `prefix ++ key`; a null value deletes. */
  put(prefix: Uint8Array, key: Uint8Array, value: Uint8Array | null): void {
    this.#resize(overheadBytes + prefix.length + key.length + (value === null ? 0 : value.length));
    this.#listed.add(prefix, key, value);
    if (this.#listed.length >= listedMax) this.#index();
  }

  walk(from: string, to: string | undefined, isForward: boolean): OverlayCursor {
    this.#index();
    return new StageCursor(this.#writes.walk(from, to, isForward));
  }

  /** Adds all writes to a batch; of those with the same key the newest comes last. */
  collect(batch: EngineEntry[]): void {
    for (const write of this.#writes.values()) batch.push(write);
    this.#listed.appendTo(batch);
  }

  clear(): void {
    this.#resize(-this.#sizeBytes);
    this.#writes.clear();
    this.#listed.clear();
  }

  #index(): void {
    const entries: EngineEntry[] = [];
    this.#listed.appendTo(entries);
    for (const entry of entries) {
      const text = toLatin1(entry.key);
      const before = this.#writes.get(text);
      if (before !== undefined) this.#resize(-costOf(before));
      this.#writes.set(text, entry);
    }
    this.#listed.clear();
  }

  #resize(difference: number): void {
    this.#sizeBytes += difference;
    this.#budget.usedBytes += difference;
  }
}

function costOf({ key, value }: EngineEntry): number {
  return overheadBytes + key.length + (value === null ? 0 : value.length);
}

class StageCursor implements OverlayCursor {
  readonly #walk: SortedWalk<EngineEntry>;

  constructor(walk: SortedWalk<EngineEntry>) {
    this.#walk = walk;
  }

  next(): boolean {
    return this.#walk.next();
  }

  get key(): Uint8Array {
    return this.#walk.value.key;
  }

  get value(): Uint8Array | null {
    return this.#walk.value.value;
  }

  [Symbol.dispose](): void {}
}
