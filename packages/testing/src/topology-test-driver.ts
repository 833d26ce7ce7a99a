import { toMilliseconds, type Duration, type Timestamp, type Windowed } from "@millrace/model";
import { MetricRegistry, silentLogger } from "@millrace/platform";
import type { Serde } from "@millrace/serde";
import {
  CacheBudget,
  MemoryEngine,
  openTaskStores,
  type KeyValueStore,
  type ReadOnlyVersionedKeyValueStore,
  type SessionStore,
  type StateStore,
  type StoreSpecification,
  type TaskStores,
  type TimestampedKeyValueStore,
  type TimestampedWindowStore,
} from "@millrace/state";
import {
  GlobalTask,
  StreamTask,
  TaskRecordContext,
  storeOpenings,
  type ErrorPolicy,
  type GlobalKTable,
  type KTable,
  type SerdeState,
  type Subtopology,
  type Topology,
} from "@millrace/streams";

import { CallEnds } from "./call-ends.ts";
import { checkDriver, checkTopic, invalidArgument } from "./driver-options.ts";
import { RecordingCollector, type ProducedRecord } from "./produced-record.ts";
import { SingleRecordBatch } from "./single-record-batch.ts";
import { TestDriverError } from "./test-driver-error.ts";
import { TestInput, TestOutput, type TestInputOptions } from "./test-topics.ts";
import { VirtualTimers } from "./virtual-timers.ts";

export interface TopologyTestDriverOptions {
  /** In front of the names of internal topics. Default `test`. */
  readonly applicationId?: string;
  /** Where the wall clock stands at first, in ms. Default 0. */
  readonly startMs?: Timestamp;
  /** Default 0: every update is seen. Caches are flushed after each record in any case. */
  readonly cacheBytesMax?: number;
  readonly onDeserializationError?: ErrorPolicy;
  readonly onProcessingError?: ErrorPolicy;
  readonly onProductionError?: ErrorPolicy;
  readonly deadLetterTopic?: string;
  /** How long the wall clock must move before a topic without records is no longer waited for. Default 0. */
  readonly maxTaskIdleMs?: number;
  /**
   * How far the wall clock must move before windows that have closed, and records without a match, are looked for again;
   * 1000 in an application. Default 0: their results come when they are due.
   */
  readonly emitIntervalMs?: number;
}

/**
 * Runs a topology on records that a test pipes in, synchronously, with stores in memory and a clock that stands
 * still (Kafka: `TopologyTestDriver`). The task is the real one; it holds all sub-topologies, and every topic has
 * one partition. After each record it commits, and what it wrote to topics that it reads is piped in again.
 *
 * @example
 * await using driver = new TopologyTestDriver(builder.build());
 * const lines = driver.input("lines", { key: string(), value: string() });
 * const counts = driver.output("counts", { key: string(), value: int64AsNumber() });
 * lines.pipe("a", "to be or not to be");
 * counts.readTable(); // Map { "to" => 2, "be" => 2, "or" => 1, "not" => 1 }
 */
export class TopologyTestDriver {
  readonly subtopology: Subtopology;
  readonly #task: StreamTask;
  readonly #globalTask: GlobalTask;
  readonly #globalTopics: ReadonlySet<string>;
  readonly #globalSpecifications: readonly StoreSpecification[];
  readonly #stores: TaskStores;
  readonly #offsets = new Map<string, number>();
  readonly #byTopic = new Map<string, ProducedRecord[]>();
  #uncommitted: ProducedRecord[] = [];
  #taken: ProducedRecord[] = [];
  readonly #timers = new VirtualTimers(() => this.#wallMs);
  #wallMs: Timestamp;
  #isDead = false;
  readonly #callEnds = new CallEnds();

  constructor(topology: Topology, options: TopologyTestDriverOptions = {}) {
    checkDriver(topology, options);
    const applicationId = options.applicationId ?? "test";
    this.#wallMs = options.startMs ?? 0;
    this.subtopology = topology.merged(applicationId);
    const collector = new RecordingCollector((record) => this.#uncommitted.push(record));
    const recordContext = new TaskRecordContext();
    const surroundings = {
      clock: { wallMs: () => this.#wallMs, monotonicMs: () => this.#wallMs },
      metrics: new MetricRegistry(),
      logger: silentLogger,
    };
    const { globalStores } = topology;
    const cache = new CacheBudget(options.cacheBytesMax ?? 0);
    const { subtopology } = this;
    this.#globalTask = new GlobalTask({
      ...surroundings,
      globalStores,
      engine: new MemoryEngine(),
      cache,
      config: { emitIntervalMs: 0, ...options, applicationId },
    });
    this.#globalTopics = new Set(globalStores.map(({ topic }) => topic));
    this.#globalSpecifications = globalStores.map(({ specification }) => specification);
    this.#stores = openTaskStores({
      engine: new MemoryEngine(),
      stores: storeOpenings(subtopology, { partition: 0, collector, cache }),
      recordContext,
      cache,
      taskId: "0_0",
    });
    this.#task = new StreamTask({
      taskId: { subtopology: 0, partition: 0 },
      subtopology,
      inputTopics: [
        ...subtopology.sourceTopics,
        ...subtopology.sourcePatterns.map((pattern) => pattern.source),
      ],
      stores: this.#stores,
      globalStores: this.#globalTask,
      recordContext,
      collector,
      lag: () => 0,
      ...surroundings,
      timers: this.#timers,
      wake: this.#callEnds.wake,
      config: { emitIntervalMs: 0, ...options, applicationId },
    });
    this.#globalTask.initialize();
    this.#task.initialize();
  }

  /** A topic to write to. */
  input<K, V>(topic: string, options: TestInputOptions<K, V>): TestInput<K, V> {
    checkTopic("input", topic, options);
    return new TestInput(topic, options, {
      pipe: (record) => this.pipe({ ...record, topic }),
      wallMs: () => this.#wallMs,
    });
  }

  /** A topic to read from; each output reads all that was ever written to it. */
  output<K, V>(
    topic: string,
    serdes: { readonly key: Serde<K>; readonly value: Serde<V> },
  ): TestOutput<K, V> {
    checkTopic("output", topic, serdes);
    return new TestOutput(topic, serdes, this.#recordsOf(topic));
  }

  /** Writes one record in bytes, and runs all that comes of it. */
  pipe(record: ProducedRecord): void {
    this.#run(() => {
      this.#enqueue(record);
      this.#drain();
    });
  }

  /**
   * Moves the wall clock on, and calls the timers that are due by it: each once, however far it moves. Calls that are
   * awaited time out by it, and are made again once their back-off is over: `settle` then waits for those.
   */
  advanceWallClock(duration: Duration): void {
    const stepMs = toMilliseconds(duration, "advanceWallClock");
    this.#run(() => {
      this.#wallMs += stepMs;
      this.#timers.run();
      this.#task.punctuate();
      this.#commit();
      this.#collect();
      this.#drain();
    });
  }

  /**
   * Waits until no call is under way, and runs all that comes of their results: of `mapValuesAsync` and its kin. The
   * clock stands still meanwhile: a call that hangs ends by `advanceWallClock` over its timeout, or with the signal, and
   * what waits for another attempt goes on waiting.
   *
   * @example
   * orders.pipe("7", order);
   * await driver.settle();
   * scores.readAll();
   */
  async settle(signal?: AbortSignal): Promise<void> {
    if (signal !== undefined && !(signal instanceof AbortSignal))
      throw invalidArgument("driver.settle", signal, "an AbortSignal, or nothing");
    for (;;) {
      signal?.throwIfAborted();
      this.#run(() => this.#drain());
      if (this.#task.callCount === 0) return;
      await this.#callEnds.next(signal);
    }
  }

  /**
   * The store of a table, a specification, or a name. Values of a table's store come with their timestamps; global ones
   * can only be read.
   */
  store<K, V>(
    table: KTable<K, V, SerdeState, SerdeState, "versioned">,
  ): ReadOnlyVersionedKeyValueStore<K, V & {}>;
  store<K, V>(
    table: KTable<Windowed<K>, V, SerdeState, SerdeState, "window">,
  ): TimestampedWindowStore<K, V & {}>;
  store<K, V>(
    table: KTable<Windowed<K>, V, SerdeState, SerdeState, "session">,
  ): SessionStore<K, V & {}>;
  store<K, V>(table: KTable<K, V> | GlobalKTable<K, V>): TimestampedKeyValueStore<K, V & {}>;
  store<Store extends StateStore = KeyValueStore<unknown, unknown>>(
    handle: StoreSpecification<Store> | string,
  ): Store;
  store<Store extends StateStore>(
    handle:
      | StoreSpecification<Store>
      | string
      | KTable<unknown, unknown>
      | GlobalKTable<unknown, unknown>,
  ): Store {
    if ((typeof handle !== "object" && typeof handle !== "string") || handle === null)
      throw invalidArgument("driver.store", handle, "a table, a specification or a name");
    if (typeof handle === "object" && !("storeName" in handle))
      return this.#storesWith(handle.name).store(handle);
    const name = typeof handle === "string" ? handle : handle.storeName;
    if (name === undefined)
      throw new TestDriverError(
        "NO_STORE",
        `the table has no store of its own; name one: { store: "…" }`,
      );
    return this.#storesWith(name).store<Store>(name);
  }

  /** All stores, in the order in which the topology registered them; global ones last. */
  get stores(): readonly StateStore[] {
    const global = this.#globalSpecifications.map((one) => this.#globalTask.store(one));
    return [...this.#stores.stores, ...global];
  }

  get specifications(): readonly StoreSpecification[] {
    return [...this.subtopology.stores, ...this.#globalSpecifications];
  }

  /** Records that were left out so far (`dropped-records-total`). */
  get droppedRecords(): number {
    return this.#task.droppedRecords.value + this.#globalTask.droppedRecords.value;
  }

  /** All that was written since the last call, to whatever topic, in order. */
  takeProduced(): readonly ProducedRecord[] {
    const taken = [...this.#taken, ...this.#uncommitted];
    this.#taken = [];
    return taken;
  }

  /** Twice is fine. */
  async close(): Promise<void> {
    this.#isDead = true;
    await this.#task.close();
    await this.#globalTask.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #run(body: () => void): void {
    if (this.#isDead)
      throw new TestDriverError(
        "DRIVER_CLOSED",
        "the driver was closed, or an earlier call failed; make a new one",
      );
    try {
      body();
    } catch (thrown) {
      this.#isDead = !(thrown instanceof TestDriverError);
      throw thrown;
    }
  }

  #drain(): void {
    this.#collect();
    while (this.#task.process(1) > 0) {
      this.#commit();
      this.#collect();
    }
  }

  #commit(): void {
    this.#task.flush();
    this.#stores.commit(new Map());
    this.#task.markCommitted();
  }

  /** What was written to topics that are read here is piped in again, in the order of writing. */
  #collect(): void {
    const produced = this.#uncommitted;
    this.#uncommitted = [];
    for (const record of produced) {
      this.#taken.push(record);
      this.#recordsOf(record.topic).push(record);
    }
    for (const record of produced) if (this.#isRead(record.topic)) this.#enqueue(record);
  }

  #enqueue(record: ProducedRecord): void {
    const { topic } = record;
    if (!this.#isRead(topic))
      throw new TestDriverError(
        "UNKNOWN_INPUT_TOPIC",
        `no source of the topology reads topic ${topic}; it reads ${[...this.subtopology.sourceTopics, ...this.#globalTopics].join(", ")}`,
      );
    const offset = this.#offsets.get(topic) ?? 0;
    this.#offsets.set(topic, offset + 1);
    const batch = new SingleRecordBatch({ ...record, offset });
    if (this.#globalTopics.has(topic)) this.#applyGlobally(batch);
    else this.#task.addBatch(batch);
  }

  /** What a global store is made of is in it before anything else happens. */
  #applyGlobally(batch: SingleRecordBatch): void {
    this.#globalTask.addBatch(batch);
    this.#globalTask.process();
    this.#globalTask.commit();
  }

  #isRead(topic: string): boolean {
    return (
      this.#globalTopics.has(topic) ||
      this.subtopology.sourceTopics.includes(topic) ||
      this.subtopology.sourcePatterns.some(({ source, flags }) =>
        new RegExp(`^(?:${source})$`, flags.replace(/[gy]/g, "")).test(topic),
      )
    );
  }

  #storesWith(name: string): Pick<TaskStores, "store"> {
    return this.#globalTask.has(name) ? this.#globalTask : this.#stores;
  }

  #recordsOf(topic: string): ProducedRecord[] {
    let records = this.#byTopic.get(topic);
    if (records === undefined) {
      records = [];
      this.#byTopic.set(topic, records);
    }
    return records;
  }
}
