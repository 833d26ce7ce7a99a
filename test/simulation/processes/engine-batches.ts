import { compareBytes } from "@millrace/model";
import type { EngineEntry, StoreEngine } from "@millrace/state";

import { delegate } from "./observe-commits.ts";

/** What an engine knows about itself lies before this: with each commit, the offsets up to which it holds the changelogs. */
const firstOfStores = Uint8Array.of(0, 1);

interface Batch {
  /** What the engine knew about itself with it. */
  readonly self: readonly EngineEntry[];
  /** False: rows that expired with it were to be deleted behind it, and were not. */
  isDropDone: boolean;
  /** Of its file, with that deletion; Infinity: there was none. */
  sizeBytes: number;
}

/**
 * The commits of a task's engine, as they were made, whoever lived through them. A commit is a batch, and behind it goes
 * what expired with it: the engine may end in between, as the disk is full or the process dies.
 */
export class EngineBatches {
  #batches: Batch[] = [];

  /** The engine, whose commits are noted from now on. @param sizeBytes of its file */
  noting(engine: StoreEngine, sizeBytes: () => number): StoreEngine {
    return delegate(engine, {
      write: (entries) => {
        engine.write(entries);
        const isOfItself = entries.some(({ key }) => compareBytes(key, firstOfStores) < 0);
        if (isOfItself) this.#note(selfOf(engine));
      },
      deleteRange: (from, to) => {
        const last = this.#batches.at(-1);
        try {
          engine.deleteRange(from, to);
          if (last !== undefined) last.sizeBytes = sizeBytes();
        } catch (error) {
          if (last !== undefined) last.isDropDone = false;
          throw error;
        }
      },
    });
  }

  /**
   * What the engine knew about itself when rows that had expired were deleted last, for sure: what expired since may be
   * there yet. An engine that was just opened may have lost the end of its file.
   */
  selfAtLastDrop(engine: StoreEngine, sizeBytes: number): readonly EngineEntry[] {
    const self = selfOf(engine);
    const index = this.#batches.findLastIndex((batch) => isSame(batch.self, self));
    if (index < 0) return self;
    const isWhole = index === this.#batches.length - 1;
    this.#batches = this.#batches.slice(0, index + 1);
    const last = this.#batches[index];
    if (isWhole && last.isDropDone && sizeBytes >= last.sizeBytes) return self;
    const before = this.#batches.findLast((batch, at) => at < index && batch.isDropDone);
    return before?.self ?? [];
  }

  #note(self: readonly EngineEntry[]): void {
    const last = this.#batches.at(-1);
    if (last === undefined || !isSame(last.self, self))
      this.#batches.push({ self, isDropDone: true, sizeBytes: Infinity });
  }
}

function selfOf(engine: StoreEngine): readonly EngineEntry[] {
  const entries: EngineEntry[] = [];
  using cursor = engine.scan({ to: firstOfStores });
  while (cursor.next()) entries.push({ key: cursor.key.slice(), value: cursor.value.slice() });
  return entries;
}

function isSame(own: readonly EngineEntry[], other: readonly EngineEntry[]): boolean {
  return own.length === other.length && own.every((entry, at) => isSameEntry(entry, other[at]));
}

export function isSameEntry(own: EngineEntry, other: EngineEntry): boolean {
  if (compareBytes(own.key, other.key) !== 0) return false;
  return own.value === null || other.value === null
    ? own.value === other.value
    : compareBytes(own.value, other.value) === 0;
}
