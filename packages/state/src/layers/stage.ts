import type { EngineEntry } from "../contract/store-engine.ts";
import { SortedMap, type SortedWalk } from "../sorted/sorted-map.ts";
import type { OverlayCursor } from "./merge-cursor.ts";

/** What an uncommitted write costs besides its bytes, roughly. */
const overheadBytes = 96;

/** Bytes of uncommitted writes of all stores of a task. */
export class StageBudget {
  readonly sizeBytesMax: number;
  usedBytes = 0;

  constructor(sizeBytesMax: number) {
    this.sizeBytesMax = sizeBytesMax;
  }
}

/** Uncommitted writes of one store, the last of each key, under the keys that the engine will see. */
export class Stage {
  readonly #writes = new SortedMap<EngineEntry>();
  readonly #budget: StageBudget;
  #sizeBytes = 0;

  constructor(budget: StageBudget) {
    this.#budget = budget;
  }

  get isEmpty(): boolean {
    return this.#writes.size === 0;
  }

  get(text: string): EngineEntry | undefined {
    return this.#writes.get(text);
  }

  set(text: string, entry: EngineEntry): void {
    const before = this.#writes.get(text);
    this.#resize(costOf(entry) - (before === undefined ? 0 : costOf(before)));
    this.#writes.set(text, entry);
  }

  walk(from: string, to: string | undefined, isForward: boolean): OverlayCursor {
    return new StageCursor(this.#writes.walk(from, to, isForward));
  }

  /** All writes, in no order: one per key. */
  writes(): IterableIterator<EngineEntry> {
    return this.#writes.values();
  }

  clear(): void {
    this.#resize(-this.#sizeBytes);
    this.#writes.clear();
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
