import type { Headers, Timestamp } from "@millrace/model";
import type { Metrics } from "@millrace/platform";
import type { EngineBytes } from "./bytes-store.ts";
import type { CursorWatch } from "./cursor-watch.ts";
import type { CacheBudget } from "./cache-budget.ts";
import type { ChangelogWriter } from "./changelog-writer.ts";
import type { RecordContext } from "./record-context.ts";
import type { StateStore } from "./state-store.ts";
import type { StoreScope } from "./store-scope.ts";
import type { StoreView } from "./store-view.ts";

/** What a store has around it. */
export interface StoreEnvironment {
  readonly scope: StoreScope;
  readonly recordContext: RecordContext;
  /** Null: the store is not cached. */
  readonly cache: CacheBudget | null;
  /** Of the loop, for what no cache holds. */
  readonly memory: CacheBudget;
  /** Null: its changes are not logged. */
  readonly changelog: ChangelogWriter | null;
  /** Given to the serdes as the topic. */
  readonly changelogTopic: string;
  readonly isPersistent: boolean;
  readonly metrics: Pick<Metrics, "gauge"> | undefined;
  /** Told of cursors; undefined: nobody asks. */
  readonly cursors: CursorWatch | undefined;
  /** Counts a write that is left out. */
  readonly drop: (reason: string) => void;
}

/** One record of a changelog, besides its key. */
export interface ChangelogRecord {
  readonly value: Uint8Array | null;
  readonly timestamp: Timestamp;
  readonly headers: Headers;
}

/** One store of a task, with all its layers, as `TaskStores` drives it. */
export interface OpenStore<out Store extends StateStore = StateStore> {
  readonly store: Store;
  /** True: a cache holds something back. */
  readonly hasDirty: boolean;
  /** True: see `TaskStores.hasFailedFlush`. */
  readonly hasFailedFlush: boolean;
  /** As `TaskStores.flush`. */
  flush(isOver?: () => boolean): boolean;
  /** Forgets what is not written yet, and ends cursors: the stage was, or is going to be, cleared. */
  discard(): void;
  /** Applies one record of the changelog, beneath caches and changelog. The bytes are copied. */
  restore(key: Uint8Array, record: ChangelogRecord): void;
  /**
   * The store as queries read it; absent: it is none that they may ask.
   *
   * @param committed what is committed; undefined: all that was written is seen
   */
  view?(committed: EngineBytes | undefined): StoreView;
  /** A commit begins, of what was written so far: what the store notes about itself goes into the stage. */
  committing(): void;
  /** What was in the stage as the commit began was moved into the engine. */
  committed(): void;
}
