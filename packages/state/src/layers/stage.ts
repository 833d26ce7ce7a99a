import type { EngineEntry } from "../contract/store-engine.ts";
import { toLatin1 } from "../bytes/latin1.ts";
import { SortedMap, type SortedWalk } from "../sorted/sorted-map.ts";
import type { OverlayCursor } from "./merge-cursor.ts";

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
  #listed: EngineEntry[] = [];
  readonly #budget: StageBudget;
  #sizeBytes = 0;

  constructor(budget: StageBudget) {
    this.#budget = budget;
  }

  get isEmpty(): boolean {
    return this.#listed.length === 0 && this.#writes.size === 0;
  }

  /** What was written last under a key, by its latin1 text. */
  get(text: string): EngineEntry | undefined {
    if (this.#listed.length > 0) this.#index();
    return this.#writes.get(text);
  }

  add(entry: EngineEntry): void {
    this.#resize(costOf(entry));
    this.#listed.push(entry);
    if (this.#listed.length >= listedMax) this.#index();
  }

  walk(from: string, to: string | undefined, isForward: boolean): OverlayCursor {
    this.#index();
    return new StageCursor(this.#writes.walk(from, to, isForward));
  }

  /** Adds all writes to a batch; of those with the same key the newest comes last. */
  collect(batch: EngineEntry[]): void {
    for (const write of this.#writes.values()) batch.push(write);
    for (const write of this.#listed) batch.push(write);
  }

  clear(): void {
    this.#resize(-this.#sizeBytes);
    this.#writes.clear();
    this.#listed = [];
  }

  #index(): void {
    for (const entry of this.#listed) {
      const text = toLatin1(entry.key);
      const before = this.#writes.get(text);
      if (before !== undefined) this.#resize(-costOf(before));
      this.#writes.set(text, entry);
    }
    this.#listed = [];
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
