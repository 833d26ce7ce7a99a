import { PartitionError, type BatchReader, type TopicDescription } from "@millrace/cluster";
import { topicPartitionName, type Offset, type TopicPartition } from "@millrace/model";
import { StateError, type StateStore, type StoreSpecification } from "@millrace/state";

import { ApplicationError } from "../error/application-error.ts";
import type { GlobalStores } from "../task/global-stores.ts";
import { GlobalTask } from "../task/global-task.ts";
import { Slice } from "../task/slice.ts";
import type { GlobalEnvironment } from "./global-environment.ts";
import { describeGlobalTopics, globalReadFailure } from "./global-topics.ts";

const pollWaitMs = 100;

/** A partition that is to be read up to what it held at first. */
interface Bootstrap extends TopicPartition {
  readonly end: Offset;
  position: Offset;
}

/**
 * Keeps the global stores of a process (Kafka: `GlobalStreamThread`): they hold all that their topics held when it
 * started, before a task does anything, and follow them from then on, with an engine and a reader of their own. How far
 * they have come is committed with what they hold, so that a restart goes on from there.
 *
 * ```
 *  new ──bootstrap──> following ──> closed
 * ```
 */
export class GlobalLoop implements GlobalStores {
  readonly #environment: GlobalEnvironment;
  readonly #slice: Slice;
  readonly #isolation: "read_committed" | "read_uncommitted";
  /** Of their topics alone. */
  readonly #reader: BatchReader;
  #task: GlobalTask | undefined;
  #isLoaded = false;
  #nextCommitMs = 0;
  /** Partitions that are read, by topic. */
  readonly #partitionCounts = new Map<string, number>();

  constructor(environment: GlobalEnvironment) {
    this.#environment = environment;
    const { platform, cluster, config } = environment;
    this.#slice = new Slice(platform.clock, config.sliceMs);
    this.#isolation = config.isExactlyOnce ? "read_committed" : "read_uncommitted";
    this.#reader = cluster.openReader({ isolation: this.#isolation });
  }

  has(name: string): boolean {
    return this.#environment.globalStores.some(({ specification }) => specification.name === name);
  }

  store<Store extends StateStore = StateStore>(handle: StoreSpecification<Store> | string): Store {
    if (this.#task !== undefined) return this.#task.store(handle);
    const name = typeof handle === "string" ? handle : handle.name;
    throw new StateError("STORE_CLOSED", `global store ${name} is not open`);
  }

  /** Once all is there that was at first, and until the close. */
  get readable(): GlobalTask | undefined {
    return this.#isLoaded ? this.#task : undefined;
  }

  /**
   * Opens the stores and reads all that their topics hold now.
   *
   * @throws ApplicationError `MISSING_SOURCE_TOPIC`; StreamsError: what a record was refused for
   */
  async bootstrap(signal: AbortSignal): Promise<void> {
    const { platform, restored, remaining } = this.#environment;
    const topics = await describeGlobalTopics(this.#environment, signal);
    const task = await this.#open();
    const pending = new Map<string, Bootstrap>();
    for (const topic of topics.values())
      for (const one of await this.#begin(task, topic, signal)) pending.set(nameOf(one), one);
    const leftIn = (): number =>
      [...pending.values()].reduce((sum, { end, position }) => sum + end - position, 0);
    let left = leftIn();
    remaining.add(left);
    const names = [...topics.keys()];
    platform.logger.log("info", "streams.global-stores-loading", { topics: names, offsets: left });
    try {
      for (;;) {
        for (const [name, one] of pending) {
          one.position = Math.min(one.end, this.#reader.position(one) ?? one.position);
          if (one.position >= one.end) pending.delete(name);
        }
        const now = leftIn();
        restored.add(left - now);
        remaining.add(now - left);
        left = now;
        if (pending.size === 0 && !task.isHeld) break;
        signal.throwIfAborted();
        await this.#turn(task, signal);
      }
    } finally {
      remaining.add(-left);
    }
    task.commit();
    this.#isLoaded = true;
    platform.logger.log("info", "streams.global-stores-loaded", { topics: names });
  }

  /** Applies what comes, until the signal aborts; then commits. */
  async follow(signal: AbortSignal): Promise<void> {
    const { clock } = this.#environment.platform;
    const { metadataAgeMsMax } = this.#environment.config;
    const task = this.#task;
    if (task === undefined) return;
    let nextLookMs = clock.monotonicMs() + metadataAgeMsMax;
    while (!signal.aborted) {
      await this.#turn(task, signal);
      if (clock.monotonicMs() < nextLookMs || signal.aborted) continue;
      await this.#takeNewPartitions(signal);
      nextLookMs = clock.monotonicMs() + metadataAgeMsMax;
    }
    task.commit();
  }

  /** Twice is fine. What fails is logged, as of tasks: it is not what ended the application. */
  async close(): Promise<void> {
    this.#isLoaded = false;
    const { logger } = this.#environment.platform;
    for (const end of await Promise.allSettled([this.#task?.close(), this.#reader.close()]))
      if (end.status === "rejected")
        logger.log("warn", "streams.close-incomplete", { cause: end.reason });
  }

  async #open(): Promise<GlobalTask> {
    const { engines, directory, platform, config, cache, globalStores } = this.#environment;
    const engine = await engines.open(directory);
    try {
      const task = new GlobalTask({
        globalStores,
        engine,
        cache,
        stageBytesMax: config.uncommittedBytesMax,
        position: (input) => this.#reader.position(input),
        clock: platform.clock,
        timers: platform.timers,
        metrics: platform.metrics,
        logger: platform.logger,
        config: {
          applicationId: config.applicationId,
          serdeTimeoutMs: config.serdeTimeoutMs,
          ...config.errors,
        },
      });
      this.#task = task;
      task.initialize();
      return task;
    } catch (error) {
      if (this.#task === undefined) await engine.close();
      throw error;
    }
  }

  /** Goes on where the store is, or from the beginning where its topic does not reach that any more. */
  async #begin(
    task: GlobalTask,
    { name: topic, topicId, partitionCount }: TopicDescription,
    signal: AbortSignal,
  ): Promise<readonly Bootstrap[]> {
    const { platform } = this.#environment;
    this.#partitionCounts.set(topic, partitionCount);
    const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
    const { starts, ends } = await this.#range(topic, partitions, signal);
    let saved = task.begin(topic, topicId);
    const isBeyond = (offset: Offset, partition: number): boolean =>
      !(offset >= starts[partition] && offset <= ends[partition]);
    if ([...saved].some(([partition, offset]) => isBeyond(offset, partition))) {
      platform.logger.log("warn", "streams.global-store-rebuilt", { topic });
      task.restart(topic);
      saved = new Map();
    }
    const found = partitions.map((partition) => ({
      topic,
      partition,
      position: saved.get(partition) ?? starts[partition],
      end: ends[partition],
    }));
    this.#reader.assign(found.map((one) => ({ ...one, offset: one.position })));
    return found;
  }

  async #range(
    topic: string,
    partitions: readonly number[],
    signal: AbortSignal,
  ): Promise<{ readonly starts: readonly Offset[]; readonly ends: readonly Offset[] }> {
    const { cluster } = this.#environment;
    const isolation = this.#isolation;
    const list = async (at: "earliest" | "latest"): Promise<readonly Offset[]> => {
      const asked = partitions.map((partition) => ({ topic, partition, at }));
      const found = await cluster.admin.listOffsets(asked, { isolation, signal });
      return found.map(({ offset }) => offset);
    };
    const [starts, ends] = await Promise.all([list("earliest"), list("latest")]);
    return { starts, ends };
  }

  /** Takes what has come, a slice at a time, and commits if it is time. */
  async #turn(task: GlobalTask, signal: AbortSignal): Promise<void> {
    const { platform, config } = this.#environment;
    const untilCommitMs = this.#nextCommitMs - platform.clock.monotonicMs();
    const waitMsMax = task.needsCommit
      ? Math.max(0, Math.min(pollWaitMs, untilCommitMs))
      : pollWaitMs;
    await this.#take(task, { signal, waitMsMax });
    this.#slice.begin();
    while (!task.process(this.#slice)) {
      if (task.isStageFull) task.commit();
      await platform.timers.yield();
      this.#slice.begin();
    }
    const nowMs = platform.clock.monotonicMs();
    if (!task.isStageFull && (nowMs < this.#nextCommitMs || !task.needsCommit)) return;
    task.commit();
    this.#nextCommitMs = nowMs + config.commitIntervalMs;
  }

  async #take(
    task: GlobalTask,
    wait: { readonly signal: AbortSignal; readonly waitMsMax: number },
  ): Promise<void> {
    const { globalStores } = this.#environment;
    try {
      for (const batch of await this.#reader.poll(wait)) task.addBatch(batch);
    } catch (error) {
      if (!(error instanceof PartitionError)) throw error;
      throw globalReadFailure(error, globalStores);
    }
  }

  /** A topic may be given more partitions while the application runs. */
  async #takeNewPartitions(signal: AbortSignal): Promise<void> {
    const { platform } = this.#environment;
    try {
      const topics = await describeGlobalTopics(this.#environment, signal);
      for (const { name: topic, partitionCount } of topics.values()) {
        const known = this.#partitionCounts.get(topic) ?? 0;
        const added = Array.from(
          { length: Math.max(0, partitionCount - known) },
          (_, index) => known + index,
        );
        if (added.length === 0) continue;
        const { starts } = await this.#range(topic, added, signal);
        this.#reader.assign(
          added.map((partition, index) => ({ topic, partition, offset: starts[index] })),
        );
        this.#partitionCounts.set(topic, partitionCount);
      }
    } catch (error) {
      if (error instanceof ApplicationError) throw error;
      if (signal.aborted) return;
      // Looked at again with the next one: the reader itself meets a broker that is away.
      platform.logger.log("info", "streams.partitions-unknown", { cause: error });
    }
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return topicPartitionName(topic, partition);
}
