import type { CacheBudget } from "../contract/cache-budget.ts";
import type { EngineEntry } from "../contract/store-engine.ts";
import { toLatin1 } from "../bytes/latin1.ts";
import { SortedMap, type SortedWalk } from "../sorted/sorted-map.ts";
import { LastValues } from "./last-values.ts";
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
 * Uncommitted writes of one store, under the keys that the engine will see: those of the commit that is under way, which
 * are sealed, and over them those that came since.
 */
export class Stage {
  readonly #budget: StageBudget;
  #open: StageWrites;
  #sealed: StageWrites | undefined;
  #last: LastValues | undefined;

  constructor(budget: StageBudget) {
    this.#budget = budget;
    this.#open = new StageWrites(budget);
  }

  get isEmpty(): boolean {
    return this.#open.isEmpty && this.#sealed === undefined;
  }

  /** Keeps what was written or read last for reads, beyond its commit. */
  keepLast(budget: CacheBudget): void {
    this.#last = new LastValues(budget);
  }

  /** A copy of what was written last under a key; null: it was deleted; undefined: the engine has to be asked. */
  get(key: Uint8Array): Uint8Array | null | undefined {
    const last = this.#last?.get(key);
    if (last !== undefined) return last;
    const staged = this.#open.get(key) ?? this.#sealed?.get(key);
    return staged?.value?.slice() ?? (staged === undefined ? undefined : null);
  }

  /** Copies a write; a null value deletes. */
  put(key: Uint8Array, value: Uint8Array | null): void {
    this.#open.put(key, value);
    this.#last?.set(key, value);
  }

  /** What the engine has under a key of which nothing was known here. */
  noteRead(key: Uint8Array, value: Uint8Array): void {
    this.#last?.set(key, value);
  }

  /** Of what was read or written last nothing is known any more: a range of it is going to be deleted. */
  forgetLast(): void {
    this.#last?.clear();
  }

  /** Its layers, the lowest first. */
  walks(from: string, to: string | undefined, isForward: boolean): readonly OverlayCursor[] {
    const layers = this.#sealed === undefined ? [this.#open] : [this.#sealed, this.#open];
    return layers.flatMap((layer) => (layer.isEmpty ? [] : layer.walk(from, to, isForward)));
  }

  /** What was written so far is going to be committed. */
  seal(): void {
    this.#open.leaveBudget();
    this.#sealed = this.#open.isEmpty ? undefined : this.#open;
    this.#open = new StageWrites(this.#budget);
  }

  /** Adds what is sealed to a batch; of writes with the same key the newest comes last. */
  collect(batch: EngineEntry[]): void {
    this.#sealed?.collect(batch);
  }

  /** What was sealed is in the engine. */
  dropSealed(): void {
    this.#last?.committed();
    this.#sealed = undefined;
  }

  clear(): void {
    this.#last?.clear();
    this.#sealed = undefined;
    this.#open.clear();
  }
}

/** They are only listed until somebody walks: most are written by a flush and committed before anybody does. */
class StageWrites {
  readonly #writes = new SortedMap<EngineEntry>();
  /** Writes that are not in the map yet, newer than it. */
  readonly #listed = new StagedWrites();
  readonly #budget: StageBudget;
  #sizeBytes = 0;
  #isCounted = true;

  constructor(budget: StageBudget) {
    this.#budget = budget;
  }

  get isEmpty(): boolean {
    return this.#listed.length === 0 && this.#writes.size === 0;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get(key: Uint8Array): EngineEntry | undefined {
    const listed = this.#listed.find(key);
    if (listed !== undefined || this.#writes.size === 0) return listed;
    return this.#writes.get(toLatin1(key));
  }

  put(key: Uint8Array, value: Uint8Array | null): void {
    this.#resize(overheadBytes + key.length + (value === null ? 0 : value.length));
    this.#listed.add(key, value);
    if (this.#listed.length >= listedMax) this.#index();
  }

  walk(from: string, to: string | undefined, isForward: boolean): OverlayCursor {
    this.#index();
    return new StageCursor(this.#writes.walk(from, to, isForward));
  }

  collect(batch: EngineEntry[]): void {
    for (const write of this.#writes.values()) batch.push(write);
    this.#listed.appendTo(batch);
  }

  clear(): void {
    this.#resize(-this.#sizeBytes);
    this.#writes.clear();
    this.#listed.clear();
  }

  /** From now on its bytes are not counted. */
  leaveBudget(): void {
    this.#budget.usedBytes -= this.#sizeBytes;
    this.#isCounted = false;
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
    if (this.#isCounted) this.#budget.usedBytes += difference;
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
