import { invariant, type Offset } from "@millrace/model";
import { OwnedGauges, silentLogger } from "@millrace/platform";
import { StateError } from "../contract/state-error.ts";
import type { StateStore } from "../contract/state-store.ts";
import type { EngineEntry } from "../contract/store-engine.ts";
import type { ChangelogRecord, StoreEnvironment } from "../contract/open-store.ts";
import { StoreScope } from "../contract/store-scope.ts";
import { kindOf, type StoreSpecification } from "../contract/store-specification.ts";
import type { QueryIsolation, StoreView } from "../contract/store-view.ts";
import type {
  StoreForm,
  StoreOpening,
  TaskStores,
  TaskStoresOptions,
} from "../contract/task-stores.ts";
import { CommittedBytes } from "../layers/committed-bytes.ts";
import { Stage, StageBudget } from "../layers/stage.ts";
import { StagedStore } from "../layers/staged-store.ts";
import { StoreMeters } from "../layers/store-meters.ts";
import { MemoryEngine } from "../memory/memory-engine.ts";
import { EngineArea } from "./engine-area.ts";
import { OpenedStore } from "./opened-store.ts";

const defaultStageBytesMax = 16 * 1024 * 1024;

/**
 * Opens the stores of a task on its engine.
 *
 * @throws StateError `STORE_FORMAT_TOO_NEW`; the engine stays the caller's to close then
 * @example
 * const stores = openTaskStores({ engine, stores: [opening], recordContext, cache, taskId: "0_0" });
 * const counts = stores.store(opening.specification);
 */
export function openTaskStores(options: TaskStoresOptions): TaskStores {
  return new OpenTaskStores(options);
}

class OpenTaskStores implements TaskStores {
  readonly #scope: StoreScope;
  readonly #stageBudget: StageBudget;
  readonly #areas: EngineArea[];
  readonly #byName = new Map<string, OpenedStore>();
  readonly #opened: readonly OpenedStore[];
  readonly #gauges: OwnedGauges | undefined;
  #reportDrop: (reason: string) => void = () => {};
  /** Where a flush that has given way goes on. */
  #flushPass = 0;
  #flushedCount = 0;
  /** True: what was written until `beginCommit` waits for `commit`. */
  #isCommitting = false;

  constructor(options: TaskStoresOptions) {
    this.#scope = new StoreScope(options.taskId);
    this.#stageBudget = new StageBudget(options.stageBytesMax ?? defaultStageBytesMax);
    const main = new EngineArea(options.engine);
    const memory = main.engine.isPersistent
      ? new EngineArea(options.memoryEngine ?? new MemoryEngine())
      : main;
    // Of a store that was on disk once: what it held there falls behind, and must not be gone on from, nor copied.
    if (memory !== main)
      for (const { specification } of options.stores)
        if (specification.engine === "memory") main.forget(specification.name);
    this.#areas = memory === main ? [main] : [main, memory];
    this.#gauges = options.metrics && new OwnedGauges(options.metrics);
    this.#opened = options.stores.map((opening) =>
      this.#open(opening, opening.specification.engine === "memory" ? memory : main, options),
    );
    const logger = options.logger ?? silentLogger;
    for (const { isReset, specification } of this.#opened)
      if (isReset)
        logger.log("warn", "state.store-layout-changed", {
          task: options.taskId,
          store: specification.name,
        });
  }

  get stores(): readonly StateStore[] {
    return this.#opened.map(({ open }) => open.store);
  }

  store<Store extends StateStore = StateStore>(handle: StoreSpecification<Store> | string): Store {
    const { specification, open } = this.#find(typeof handle === "string" ? handle : handle.name);
    if (typeof handle !== "string" && handle !== specification)
      throw new StateError(
        "UNKNOWN_STORE",
        `task ${this.#scope.taskId} has another store ${handle.name}, a ${specification.kind.name}; ask with the specification that the topology was built with`,
      );
    // The kind of this very specification made it; of a name the caller says the type.
    return open.store as Store;
  }

  get stageBytes(): number {
    return this.#stageBudget.usedBytes;
  }

  get isStageFull(): boolean {
    return this.#stageBudget.usedBytes > this.#stageBudget.sizeBytesMax;
  }

  reportDropsTo(listener: (reason: string) => void): void {
    this.#reportDrop = listener;
  }

  get hasFailedFlush(): boolean {
    return this.#opened.some(({ open }) => open.hasFailedFlush);
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

  beginCommit(): void {
    this.#requireOpen();
    invariant(!this.#hasDirty(), "STATE-3", { task: this.#scope.taskId });
    invariant(!this.#isCommitting, "STATE-16", { task: this.#scope.taskId });
    for (const { open } of this.#opened) open.committing();
    for (const { stage } of this.#opened) stage.seal();
    this.#isCommitting = true;
  }

  commit(changelogOffsets: ReadonlyMap<string, Offset>): void {
    this.#requireOpen();
    if (!this.#isCommitting) this.beginCommit();
    const offsets = [...changelogOffsets].map(
      ([name, offset]) => [this.#find(name), offset] as const,
    );
    for (const area of this.#areas) {
      const writes: EngineEntry[] = [];
      for (const { stage, area: own, committed } of this.#opened) {
        if (own !== area) continue;
        const first = writes.length;
        stage.collect(writes);
        if (committed.hasOpenCursors) committed.overwriting(writes.slice(first));
      }
      const covered = offsets
        .filter(([store]) => store.area === area)
        .map(([store, offset]) => [store.specification.name, offset] as const);
      area.commit(writes, covered);
    }
    this.#isCommitting = false;
    for (const store of this.#opened) store.commitEnded();
  }

  abort(): void {
    this.#flushPass = this.#flushedCount = 0;
    this.#isCommitting = false;
    for (const store of this.#opened) store.discard();
  }

  tie(store: string, changelog: string, topicId?: string): boolean {
    this.#requireOpen();
    const found = this.#find(store);
    const isOwn = found.area.tie(store, changelog, topicId);
    if (!isOwn) found.wiped();
    return isOwn;
  }

  committedOffset(store: string): Offset | undefined {
    return this.#find(store).area.offsetOf(store);
  }

  restore(store: string, key: Uint8Array, record: ChangelogRecord): void {
    this.#requireOpen();
    try {
      this.#find(store).open.restore(key, record);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new StateError(
        "CHANGELOG_UNREADABLE",
        `store ${store} has not written what its changelog has: ${cause.message}`,
        cause,
      );
    }
  }

  wipe(store: string): void {
    this.#requireOpen();
    const found = this.#find(store);
    found.area.wipe(store);
    found.wiped();
  }

  formOf(store: string): StoreForm {
    const { layout, spanMs } = this.#find(store).area.formOf(store);
    return { layout, spanMs };
  }

  fill(store: string, rows: readonly EngineEntry[]): void {
    this.#requireOpen();
    this.#find(store).area.fill(store, rows);
  }

  view(store: string, isolation: QueryIsolation): StoreView {
    this.#requireOpen();
    return this.#find(store).view(isolation);
  }

  release(): void {
    if (this.#scope.isOpen) {
      this.abort();
      for (const { committed } of this.#opened) committed.endCursors("its task was closed");
    }
    this.#scope.isOpen = false;
    this.#gauges?.remove();
  }

  async close(): Promise<void> {
    this.release();
    for (const area of this.#areas) await area.engine.close();
  }

  #open(opening: StoreOpening, area: EngineArea, options: TaskStoresOptions): OpenedStore {
    const { specification, changelog, changelogTopic } = opening;
    const { name, kind } = specification;
    invariant(!this.#byName.has(name), "STATE-9", { store: name });
    const { prefix, isReset } = area.claim(
      name,
      kind.layout,
      kind.segmentSpanMs?.(specification) ?? 0,
    );
    const stage = new Stage(this.#stageBudget);
    const meters = this.#metersOf(name, options);
    const environment: StoreEnvironment = {
      scope: this.#scope,
      recordContext: options.recordContext,
      cache: (opening.caching ?? specification.caching) ? options.cache : null,
      memory: options.cache,
      changelog: specification.logging === false ? null : changelog,
      changelogTopic,
      isPersistent: area.engine.isPersistent,
      metrics: this.#gauges,
      cursors: meters,
      drop: (reason) => this.#reportDrop(reason),
    };
    const committed = new CommittedBytes(name, { engine: area.engine, prefix }, meters);
    const bytes = new StagedStore(area.engine, prefix, stage, (key) => committed.dropped(key));
    const open = kindOf(specification).open(specification, bytes, environment);
    const { operations, buffer } = kindOf(specification);
    if (operations !== undefined) meters?.measure(open.store, operations);
    if (buffer !== undefined) meters?.measureBuffer(open.store, buffer);
    const store = new OpenedStore({ specification, area, stage, open, committed, isReset, meters });
    this.#byName.set(name, store);
    return store;
  }

  #metersOf(store: string, options: TaskStoresOptions): StoreMeters | undefined {
    const { clock, recordingLevel: level = "info", recordContext: context } = options;
    const metrics = this.#gauges;
    if (metrics === undefined || clock === undefined) return undefined;
    const tags = { "task-id": options.taskId, store };
    return new StoreMeters({ metrics, clock, level, tags, context });
  }

  #hasDirty(): boolean {
    for (const { open } of this.#opened) if (open.hasDirty) return true;
    return false;
  }

  #find(name: string): OpenedStore {
    const found = this.#byName.get(name);
    if (found !== undefined) return found;
    const known = [...this.#byName.keys()].join(", ");
    throw new StateError(
      "UNKNOWN_STORE",
      `task ${this.#scope.taskId} has no store ${name}; its stores: ${known === "" ? "none" : known}`,
    );
  }

  #requireOpen(): void {
    this.#scope.requireOpen("(all)");
  }
}
