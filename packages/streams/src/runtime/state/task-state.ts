import { invariant, type Offset } from "@millrace/model";
import {
  CacheBudget,
  MemoryEngine,
  openTaskStores,
  writeSnapshot,
  type SnapshotStore,
  type StoreEngine,
  type TaskStores,
  type WriteSnapshotOptions,
  type WrittenSnapshot,
} from "@millrace/state";

import { isDamagedStore } from "../../error/store-failure.ts";
import { taskIdText, type TaskId } from "../../processor/task-id.ts";
import type { RecordCollector } from "../../task/record-collector.ts";
import { storeOpenings } from "../../task/store-openings.ts";
import { TaskRecordContext } from "../../task/task-record-context.ts";
import type { Subtopology } from "../../topology/subtopology.ts";
import type { LoopEnvironment } from "../loop-environment.ts";

/** Of each task that is being restored: batches of that size are written at full speed. */
const replayedBytesMax = 4 * 2 ** 20;

const noCache = new CacheBudget(0);

/** Of a task without stores nothing is kept: a database would take time, files, and its share of the memory of all. */
async function openEngine(
  { engines, taskDirectory }: LoopEnvironment,
  { taskId, subtopology }: Pick<TaskState, "taskId" | "subtopology">,
): Promise<StoreEngine> {
  return subtopology.stores.length === 0 ? new MemoryEngine() : engines.open(taskDirectory(taskId));
}

/** What a task writes its stores with. */
export interface WritingTask {
  readonly collector: RecordCollector;
  readonly recordContext: TaskRecordContext;
}

/**
 * The state of a task apart from the task (Kafka: `ProcessorStateManager`): its engines stay open for as long as the task
 * belongs to this process, whatever it does with it; stores are opened on them for each.
 *
 * ```
 *            ┌──────────── replayed: stores that take changelogs (restoring, standby)
 *   engines ─┤                │ ▲
 *            └──────────── written: stores of a `StreamTask` (active)
 * ```
 *
 * STREAMS-12: one of the two at a time, and none goes on but from what the other has committed.
 */
export class TaskState {
  readonly taskId: TaskId;
  readonly subtopology: Subtopology;
  readonly #environment: LoopEnvironment;
  readonly #engine: StoreEngine;
  /** Lets other loops of the process have the task. */
  readonly #release: () => void;
  /** Of stores that are to be in memory: they last as long as the task stays here. */
  readonly #memoryEngine = new MemoryEngine();
  #stores: TaskStores | undefined;

  private constructor(
    environment: LoopEnvironment,
    { taskId, subtopology }: { readonly taskId: TaskId; readonly subtopology: Subtopology },
    { engine, release }: { readonly engine: StoreEngine; readonly release: () => void },
  ) {
    this.#environment = environment;
    this.taskId = taskId;
    this.subtopology = subtopology;
    this.#engine = engine;
    this.#release = release;
  }

  /** A store that is damaged begins anew with the second opening; its changelog has what it held. */
  static async open(environment: LoopEnvironment, taskId: TaskId): Promise<TaskState> {
    try {
      return await TaskState.#open(environment, taskId);
    } catch (error) {
      if (!isDamagedStore(error)) throw error;
      return TaskState.#open(environment, taskId);
    }
  }

  static async #open(environment: LoopEnvironment, taskId: TaskId): Promise<TaskState> {
    const subtopology = subtopologyOf(taskId, environment);
    const release = await environment.claimTask(taskId);
    let engine: StoreEngine | undefined;
    try {
      engine = await openEngine(environment, { taskId, subtopology });
      const state = new TaskState(environment, { taskId, subtopology }, { engine, release });
      state.replayed();
      return state;
    } catch (error) {
      await engine?.close();
      release();
      throw error;
    }
  }

  /** Such as `0_3`. */
  get name(): string {
    return taskIdText(this.taskId);
  }

  /** Those of whoever has it now. */
  get stores(): TaskStores {
    invariant(this.#stores !== undefined, "STREAMS-12", this.taskId);
    return this.#stores;
  }

  /** Below which the changelog is in the store and committed; undefined: nothing is. */
  committedOffset(store: string): Offset | undefined {
    return this.stores.committedOffset(store);
  }

  /** How much of their changelogs its stores hold, committed. */
  get offsetSum(): Offset {
    return this.subtopology.changelogTopics.reduce(
      (sum, { store }) => sum + (this.committedOffset(store) ?? 0),
      0,
    );
  }

  /** For those who read changelogs: no caches, and nothing is logged. What was open is closed. */
  replayed(): TaskStores {
    const stageBytesMax = Math.min(replayedBytesMax, this.#environment.config.uncommittedBytesMax);
    return this.#reopen(
      { collector: refusing, recordContext: new TaskRecordContext() },
      { cache: noCache, stageBytesMax },
    );
  }

  /** For a task. What was open is closed. */
  written(task: WritingTask): TaskStores {
    const { cache, config } = this.#environment;
    return this.#reopen(task, { cache, stageBytesMax: config.uncommittedBytesMax });
  }

  /** Copies what is committed now; whoever has the stores goes on with them meanwhile. */
  snapshot(
    to: SnapshotStore,
    options: Omit<WriteSnapshotOptions, "task">,
  ): Promise<WrittenSnapshot> {
    const engines = this.#engine.isPersistent ? [this.#engine, this.#memoryEngine] : [this.#engine];
    const inMemory = engines.at(-1);
    const engineOf = new Map(
      this.subtopology.stores.map(({ name, engine }) => [
        name,
        engine === "memory" ? inMemory : this.#engine,
      ]),
    );
    const has = (store: string, engine: StoreEngine): boolean => engineOf.get(store) === engine;
    return writeSnapshot(engines, to, { ...options, has, task: this.name });
  }

  /** What is uncommitted is lost. */
  async close(): Promise<void> {
    this.#stores?.release();
    this.#stores = undefined;
    try {
      await this.#engine.close();
    } finally {
      this.#release();
    }
  }

  #reopen(
    { collector, recordContext }: WritingTask,
    bounds: { readonly cache: CacheBudget; readonly stageBytesMax: number },
  ): TaskStores {
    const { platform, config } = this.#environment;
    const { logger, metrics, clock } = platform;
    const { partition } = this.taskId;
    this.#stores?.release();
    this.#stores = openTaskStores({
      engine: this.#engine,
      memoryEngine: this.#memoryEngine,
      stores: storeOpenings(this.subtopology, { partition, collector, cache: bounds.cache }),
      recordContext,
      ...bounds,
      logger,
      metrics,
      clock,
      recordingLevel: config.recordingLevel,
      taskId: this.name,
    });
    return this.#stores;
  }
}

/** What is replayed is in the changelog already. */
const refusing: RecordCollector = {
  hasRoom: true,
  topic() {
    invariant(false, "STREAMS-12", "a replay passes nothing on");
  },
  partition: () => ({
    append() {
      invariant(false, "STREAMS-12", "a replay logs nothing");
    },
  }),
};

export function subtopologyOf(
  taskId: TaskId,
  { subtopologies }: Pick<LoopEnvironment, "subtopologies">,
): Subtopology {
  const subtopology = subtopologies.find(({ id }) => id === taskId.subtopology);
  invariant(subtopology !== undefined, "STREAMS-2", taskId);
  return subtopology;
}
