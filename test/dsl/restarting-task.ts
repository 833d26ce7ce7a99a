import type { OffsetAndMetadata } from "@millrace/cluster";
import { noHeaders, type Headers, type RecordBatchView, type Timestamp } from "@millrace/model";
import { MetricRegistry, silentLogger, type Logger } from "@millrace/platform";
import type { Serde } from "@millrace/serde";
import { CacheBudget, MemoryEngine, openTaskStores, type TaskStores } from "@millrace/state";
import {
  storeOpenings,
  StreamTask,
  TaskRecordContext,
  type RecordCollector,
  type Subtopology,
  type Topology,
  type TopicAppender,
} from "@millrace/streams";

interface Written {
  readonly topic: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly timestamp: Timestamp;
  readonly headers: Headers;
}

export interface RestartingTaskOptions {
  readonly cacheBytesMax?: number;
  /** So many records between two commits. Default 1. */
  readonly recordsPerCommit?: number;
  readonly logger?: Logger;
}

/**
 * A topology as one task, as in `TopologyTestDriver`, which can be stopped after a commit: another one goes on with what
 * the changelogs hold, and nothing else.
 */
export class RestartingTask {
  #subtopology: Subtopology;
  readonly #options: RestartingTaskOptions;
  readonly #topics = new Map<string, Written[]>();
  readonly #pending: Written[] = [];
  readonly #committed = new Map<string, OffsetAndMetadata>();
  readonly #offsets = new Map<string, number>();
  #sinceCommit = 0;
  #startedMs = 0;
  #stores: TaskStores;
  #task: StreamTask;

  constructor(topology: Topology, options: RestartingTaskOptions = {}) {
    this.#subtopology = topology.merged("test");
    this.#options = options;
    [this.#task, this.#stores] = this.#open();
  }

  pipe(
    topic: string,
    key: Uint8Array | null,
    value: Uint8Array | null,
    timestamp: Timestamp,
  ): void {
    this.#enqueue({ topic, key, value, timestamp, headers: noHeaders });
    this.#drain();
  }

  /** Also what the caches hold is written, and has been processed where it comes in again. */
  commit(): void {
    this.#commit();
    while (this.#drain() > 0) this.#commit();
  }

  #drain(): number {
    let count = 0;
    for (; this.#task.process(1) > 0; count += 1) {
      this.#sinceCommit += 1;
      if (this.#sinceCommit >= (this.#options.recordsPerCommit ?? 1)) this.#commit();
      this.#collect();
    }
    return count;
  }

  #commit(): void {
    this.#task.flush();
    for (const one of this.#task.committableOffsets()) this.#committed.set(one.topic, one);
    this.#stores.commit(new Map());
    this.#task.markCommitted();
    this.#sinceCommit = 0;
    this.#collect();
  }

  /** All that the task wrote to a topic, of a changelog too. */
  read<K, V>(topic: string, key: Serde<K>, value: Serde<V>) {
    return (this.#topics.get(topic) ?? []).map((written) => ({
      key: written.key === null ? null : key.deserialize(written.key, topic),
      value: written.value === null ? null : value.deserialize(written.value, topic),
      timestamp: written.timestamp,
    }));
  }

  /** What the group was told last, by input. */
  get committed(): readonly OffsetAndMetadata[] {
    return [...this.#committed.values()];
  }

  get droppedRecords(): number {
    return this.#task.droppedRecords.value;
  }

  store<T>(name: string): T {
    return this.#stores.store(name) as T;
  }

  /** @param topology of another version of the program; default: as before */
  async restart(topology?: Topology): Promise<void> {
    this.commit();
    await this.#task.close();
    if (topology !== undefined) this.#subtopology = topology.merged("test");
    [this.#task, this.#stores] = this.#open();
  }

  /** Ends between two commits, with at-least-once: what was written stays, what was not committed is to be piped again. */
  async crash(): Promise<void> {
    await this.#task.close();
    for (const topic of this.#offsets.keys())
      this.#offsets.set(topic, this.#committed.get(topic)?.offset ?? 0);
    this.#sinceCommit = 0;
    [this.#task, this.#stores] = this.#open();
  }

  async close(): Promise<void> {
    await this.#task.close();
  }

  #open(): readonly [StreamTask, TaskStores] {
    const subtopology = this.#subtopology;
    const startedMs = this.#startedMs++;
    const recordContext = new TaskRecordContext();
    const cache = new CacheBudget(this.#options.cacheBytesMax ?? 0);
    const collector = this.#collector();
    const stores = openTaskStores({
      engine: new MemoryEngine(),
      stores: storeOpenings(subtopology, { partition: 0, collector, cache }),
      recordContext,
      cache,
      taskId: "0_0",
    });
    for (const { name, store } of subtopology.changelogTopics)
      for (const { key, ...record } of this.#topics.get(name) ?? [])
        if (key !== null) stores.restore(store, key, record);
    stores.commit(new Map());
    const task = new StreamTask({
      taskId: { subtopology: 0, partition: 0 },
      subtopology,
      stores,
      recordContext,
      collector,
      lag: () => 0,
      clock: { wallMs: () => startedMs, monotonicMs: () => 0 },
      timers: { after: () => ({ cancel: () => {} }) },
      wake: () => {},
      metrics: new MetricRegistry(),
      logger: this.#options.logger ?? silentLogger,
      config: { applicationId: "test", emitIntervalMs: 0 },
    });
    task.initialize([...this.#committed.values()]);
    return [task, stores];
  }

  #collector(): RecordCollector {
    const topic = (name: string): TopicAppender => {
      const appender: TopicAppender = {
        partitionCount: 1,
        append: (timestamp, key, value, headers) => {
          const written = {
            topic: name,
            key: key?.slice() ?? null,
            value: value?.slice() ?? null,
            timestamp,
            headers,
          };
          this.#topics.set(name, [...(this.#topics.get(name) ?? []), written]);
          if (this.#subtopology.sourceTopics.includes(name)) this.#pending.push(written);
        },
        partition: () => appender,
      };
      return appender;
    };
    return { hasRoom: true, topic, partition: topic };
  }

  #collect(): void {
    for (const written of this.#pending.splice(0)) this.#enqueue(written);
  }

  #enqueue(written: Written): void {
    const offset = this.#offsets.get(written.topic) ?? 0;
    this.#offsets.set(written.topic, offset + 1);
    this.#task.addBatch(batchOf(written, offset));
  }
}

function batchOf(written: Written, offset: number): RecordBatchView {
  return {
    ...written,
    partition: 0,
    offset,
    nextOffset: offset + 1,
    sizeBytes: (written.key?.length ?? 0) + (written.value?.length ?? 0),
    remaining: 1,
    next() {
      const isFirst = this.remaining === 1;
      (this as { remaining: number }).remaining = 0;
      return isFirst;
    },
    release() {},
  };
}
