import type { Offset } from "@millrace/model";
import type { Clock, Logger, Metrics, RecordingLevel } from "@millrace/platform";
import type { CacheBudget } from "./cache-budget.ts";
import type { ChangelogWriter } from "./changelog-writer.ts";
import type { RecordContext } from "./record-context.ts";
import type { StateStore } from "./state-store.ts";
import type { EngineEntry, StoreEngine } from "./store-engine.ts";
import type { ChangelogRecord } from "./open-store.ts";
import type { StoreSpecification } from "./store-specification.ts";
import type { QueryIsolation, StoreView } from "./store-view.ts";

/** How a store's rows lie in an engine: between two of equal forms they can be copied. */
export interface StoreForm {
  readonly layout: number;
  /** Of a segment; 0: there are none. */
  readonly spanMs: number;
}

/** One store of a task: what to build, and where its changes go. */
export interface StoreOpening {
  readonly specification: StoreSpecification;
  /** Given to the serdes as the topic; of a logged store its changelog topic. */
  readonly changelogTopic: string;
  /** Null: nothing is logged (logging is off, or the source topic is the changelog). */
  readonly changelog: ChangelogWriter | null;
  /** False: it is opened without a cache, whatever the specification says. */
  readonly caching?: boolean;
}

export interface TaskStoresOptions {
  /** The task's engine. Closed with the stores, unless they are released. */
  readonly engine: StoreEngine;
  /** Of stores that are to be in memory, where `engine` is not; likewise. Default: one of their own. */
  readonly memoryEngine?: StoreEngine;
  /** In registration order: caches are flushed in it. */
  readonly stores: readonly StoreOpening[];
  /** The task's one live context; see `RecordContext`. */
  readonly recordContext: RecordContext;
  /** The memory of all caches of a stream loop (Kafka: `ThreadCache`); shared by its tasks. */
  readonly cache: CacheBudget;
  /** Bytes of uncommitted writes beyond which `isStageFull` is true. Default 16 MiB. */
  readonly stageBytesMax?: number;
  readonly logger?: Logger;
  readonly metrics?: Metrics;
  /** Without it nothing is measured that takes time. */
  readonly clock?: Clock;
  /** Default `info`. */
  readonly recordingLevel?: RecordingLevel;
  /** For logs and metric tags, such as `0_3`. */
  readonly taskId: string;
}

/**
 * All stores of one task, on one engine: the owner of what is uncommitted. Opened by
 * `openTaskStores(options: TaskStoresOptions): TaskStores`, which throws `StateError` `STORE_FORMAT_TOO_NEW`.
 *
 * ```
 *            put         flush()                    beginCommit()          commit(offsets)
 *  operators ---> caches -------> stage, changelog ------------> sealed stage ------------> engine (one batch with the offsets)
 *                    \______________ abort() throws all three away ______________/
 * ```
 *
 * Law: the engine never holds a write without the changelog offset that covers it, nor the other way round.
 */
export interface TaskStores {
  /** Every store, in registration order. */
  readonly stores: readonly StateStore[];
  /**
   * The store of a specification, or of a name: then narrow it with the type that it was specified with.
   *
   * @throws StateError `UNKNOWN_STORE`: the task has none, or another one of that name
   */
  store<Store extends StateStore = StateStore>(handle: StoreSpecification<Store> | string): Store;

  /** Bytes of writes that are in the stage, waiting for a commit to begin. */
  readonly stageBytes: number;
  /** True: commit early. Writing still works; the bound is crossed by what one record and one flush write. */
  readonly isStageFull: boolean;

  /**
   * True: writing or forwarding an entry of a cache threw, in a flush or an eviction. What else that flush had to
   * write is not written: stores refuse writes and commits until `abort`.
   */
  readonly hasFailedFlush: boolean;

  /** Tells who counts the writes that stores leave out, such as those to windows that have expired. */
  reportDropsTo(listener: (reason: string) => void): void;

  /**
   * Flushes the caches store by store in registration order: writes, logs and forwards what is dirty.
   * Results that arrive in a later store's cache are flushed in the same call.
   *
   * @param isOver asked after each entry: true to give way. Nothing else may be written until `flush` was called
   *   again and is done.
   * @returns whether all is written
   */
  flush(isOver?: () => boolean): boolean;
  /**
   * What was written so far is for the next `commit`, which may come later: what is written until then is for the one
   * behind it. Caches must have been flushed.
   */
  beginCommit(): void;
  /**
   * Moves what was written until `beginCommit`, or until now where that was not called, into the engine, in one batch
   * with the changelog offsets. Call it after the transaction, or the offsets, were committed.
   *
   * @param changelogOffsets by store name: the store holds all changelog records *below* this offset.
   *   A store that is not named keeps the offset it had. Those of memory stores last as long as their engine.
   */
  commit(changelogOffsets: ReadonlyMap<string, Offset>): void;
  /**
   * Throws away caches and stage, without writing or forwarding: the stores are again what the engine holds.
   * Slots of `readForUpdate` are gone; listeners stay.
   */
  abort(): void;

  /**
   * Ties a store to the changelog that it is built from. What is in a store that nobody has tied yet is taken to be of
   * this one.
   *
   * @param topicId tells it from another of its name; undefined: the client knows none, as kafkajs, and the name alone counts
   * @returns false: it was tied to another, and is empty now
   */
  tie(store: string, changelog: string, topicId?: string): boolean;
  /** Where a restore begins: all changelog records below it are in the store. Undefined: from the beginning. */
  committedOffset(store: string): Offset | undefined;
  /**
   * Applies one changelog record, beneath caches and changelog. It waits in the stage until `commit`, which a
   * restore calls whenever the stage is full, and at its end. The bytes are copied.
   */
  restore(store: string, key: Uint8Array, record: ChangelogRecord): void;
  /** Deletes all that a store holds, and its offset, in the engine: for a changelog that no longer reaches it. */
  wipe(store: string): void;

  /** How a store lies in its engine. */
  formOf(store: string): StoreForm;
  /**
   * Puts rows into a store that is empty, beneath all layers, as a snapshot has them: none counts until a commit gives the
   * store an offset. Then open the stores anew: these know nothing of them.
   */
  fill(store: string, rows: readonly EngineEntry[]): void;

  /**
   * A store as a query reads it, beside the task: good until something is written or committed.
   *
   * @throws StateError `UNKNOWN_STORE`; `STORE_NOT_QUERYABLE`; `STORE_CLOSED`
   */
  view(store: string, isolation: QueryIsolation): StoreView;

  /**
   * Closes the stores as `close` does, but not their engines: others may be opened on them, and go on from what was
   * committed. Twice is fine.
   */
  release(): void;
  /**
   * Closes without committing or flushing: what is uncommitted is lost. Stores are closed when the call returns,
   * the engine when it resolves. Twice is fine.
   */
  close(): Promise<void>;
}
