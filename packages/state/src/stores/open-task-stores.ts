import { invariant, type Offset, type Timestamp } from "@millrace/model";
import { silentLogger } from "@millrace/platform";
import type { KeyValueStore, TimestampedKeyValueStore } from "../contract/key-value-store.ts";
import { StateError } from "../contract/state-error.ts";
import type { StateStore } from "../contract/state-store.ts";
import type { EngineEntry } from "../contract/store-engine.ts";
import type { StoreOpening, TaskStores, TaskStoresOptions } from "../contract/task-stores.ts";
import type { UpdatableStore } from "../contract/updatable-store.ts";
import { StageBudget } from "../layers/stage.ts";
import { MemoryEngine } from "../memory/memory-engine.ts";
import { EngineArea } from "./engine-area.ts";
import { OpenStore, type StoreEnvironment } from "./open-store.ts";
import { PlainKeyValueStore } from "./plain-key-value-store.ts";
import { StoreScope } from "./store-scope.ts";
import { TaskGauges } from "./task-gauges.ts";
import { TimestampedStore } from "./timestamped-store.ts";

const defaultStageBytesMax = 16 * 1024 * 1024;

/**
 * Opens the stores of a task on its engine.
 *
 * @throws StateError `STORE_FORMAT_TOO_NEW`; the engine stays the caller's to close then
 * @example
 * const stores = openTaskStores({ engine, stores: [opening], recordContext, cache, taskId: "0_0" });
 * const counts = stores.timestampedKeyValueStore<string, number>("counts");
 */
export function openTaskStores(options: TaskStoresOptions): TaskStores {
  return new OpenTaskStores(options);
}

class OpenTaskStores implements TaskStores {
  readonly #scope: StoreScope;
  readonly #stageBudget: StageBudget;
  readonly #areas: EngineArea[];
  readonly #byName = new Map<string, OpenStore>();
  readonly #opened: readonly OpenStore[];
  readonly #gauges: TaskGauges | undefined;
  /** Where a flush that has given way goes on. */
  #flushPass = 0;
  #flushedCount = 0;

  constructor(options: TaskStoresOptions) {
    this.#scope = new StoreScope(options.taskId);
    this.#stageBudget = new StageBudget(options.stageBytesMax ?? defaultStageBytesMax);
    const main = new EngineArea(options.engine);
    const memory = main.engine.isPersistent ? new EngineArea(new MemoryEngine()) : main;
    this.#areas = memory === main ? [main] : [main, memory];
    this.#gauges = options.metrics && new TaskGauges(options.metrics);
    const environment: StoreEnvironment = {
      scope: this.#scope,
      recordContext: options.recordContext,
      cache: options.cache,
      stageBudget: this.#stageBudget,
      metrics: this.#gauges,
    };
    this.#opened = options.stores.map((opening) =>
      this.#open(opening, opening.specification.engine === "memory" ? memory : main, environment),
    );
    const logger = options.logger ?? silentLogger;
    for (const { isReset, name } of this.#opened)
      if (isReset)
        logger.log("warn", "state.store-layout-changed", { task: options.taskId, store: name });
  }

  get stores(): readonly StateStore[] {
    return this.#opened.map(({ store }) => store);
  }

  keyValueStore<K, V>(name: string): KeyValueStore<K, V> {
    const { store } = this.#find(name);
    if (!(store instanceof PlainKeyValueStore))
      throw this.#unknown(name, "a plain key-value store");
    // The caller names the types that it gave with the specification; nothing is left of them at run time.
    return store as unknown as KeyValueStore<K, V>;
  }

  timestampedKeyValueStore<K, V>(
    name: string,
  ): TimestampedKeyValueStore<K, V> & UpdatableStore<K, V> {
    const { store } = this.#find(name);
    if (!(store instanceof TimestampedStore))
      throw this.#unknown(name, "a timestamped key-value store");
    // As above.
    return store as unknown as TimestampedKeyValueStore<K, V> & UpdatableStore<K, V>;
  }

  get stageBytes(): number {
    return this.#stageBudget.usedBytes;
  }

  get isStageFull(): boolean {
    return this.#stageBudget.usedBytes > this.#stageBudget.sizeBytesMax;
  }

  get hasFailedFlush(): boolean {
    return this.#opened.some((store) => store.hasFailedFlush);
  }

  flush(isOver?: () => boolean): boolean {
    // One pass in registration order does it, unless a flush writes to a store that was registered before.
    for (; this.#flushPass <= this.#opened.length; this.#flushPass++) {
      for (; this.#flushedCount < this.#opened.length; this.#flushedCount++)
        if (!this.#opened[this.#flushedCount].flush(isOver)) return false;
      this.#flushedCount = 0;
      if (this.#hasDirty()) continue;
      this.#flushPass = 0;
      return true;
    }
    invariant(false, "STATE-7", { task: this.#scope.taskId });
  }

  commit(changelogOffsets: ReadonlyMap<string, Offset>): void {
    this.#requireOpen();
    invariant(!this.#hasDirty(), "STATE-3", { task: this.#scope.taskId });
    const offsets = [...changelogOffsets].map(
      ([name, offset]) => [this.#find(name), offset] as const,
    );
    for (const area of this.#areas) {
      const writes: EngineEntry[] = [];
      for (const { stage, area: own } of this.#opened) if (own === area) stage.collect(writes);
      const covered = offsets
        .filter(([store]) => store.area === area)
        .map(([store, offset]) => [store.name, offset] as const);
      area.commit(writes, covered);
    }
    for (const { stage } of this.#opened) stage.clear();
  }

  abort(): void {
    this.#flushPass = this.#flushedCount = 0;
    for (const store of this.#opened) store.discard();
  }

  tie(store: string, changelog: string): boolean {
    this.#requireOpen();
    const found = this.#find(store);
    const isOwn = found.area.tie(store, changelog);
    if (!isOwn) found.discard();
    return isOwn;
  }

  committedOffset(store: string): Offset | undefined {
    return this.#find(store).area.offsetOf(store);
  }

  restore(store: string, key: Uint8Array, value: Uint8Array | null, timestamp: Timestamp): void {
    this.#requireOpen();
    this.#find(store).restore(key, value, timestamp);
  }

  wipe(store: string): void {
    this.#requireOpen();
    const found = this.#find(store);
    found.discard();
    found.area.wipe(store);
  }

  async close(): Promise<void> {
    if (this.#scope.isOpen) this.abort();
    this.#scope.isOpen = false;
    this.#gauges?.remove();
    for (const area of this.#areas) await area.engine.close();
  }

  #open(opening: StoreOpening, area: EngineArea, environment: StoreEnvironment): OpenStore {
    const store = new OpenStore(opening, area, environment);
    invariant(!this.#byName.has(store.name), "STATE-9", { store: store.name });
    this.#byName.set(store.name, store);
    return store;
  }

  #hasDirty(): boolean {
    for (const store of this.#opened) if (store.hasDirty) return true;
    return false;
  }

  #find(name: string): OpenStore {
    const found = this.#byName.get(name);
    if (found === undefined) throw this.#unknown(name, "a store");
    return found;
  }

  #requireOpen(): void {
    this.#scope.requireOpen("(all)");
  }

  #unknown(name: string, what: string): StateError {
    const known = [...this.#byName.keys()].join(", ");
    return new StateError(
      "UNKNOWN_STORE",
      `task ${this.#scope.taskId} has no ${name} that is ${what}; its stores: ${known === "" ? "none" : known}`,
    );
  }
}
