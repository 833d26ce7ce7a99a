import { invariant, topicPartitionName, type Offset, type RecordBatchView } from "@millrace/model";
import type { Counter } from "@millrace/platform";
import { SerdeWait, type WaitBounds } from "@millrace/serde";
import {
  openTaskStores,
  type QueryIsolation,
  type StateStore,
  type StoreSpecification,
  type StoreView,
  type TaskStores,
} from "@millrace/state";

import { StreamsError } from "../error/streams-error.ts";
import { readOnlyStore } from "../processor/read-only-store.ts";
import { noTaps } from "../processor/record-tap.ts";
import type { StreamRecord } from "../processor/stream-record.ts";
import type { GlobalStore } from "../topology/global-topology.ts";
import { GlobalPositions, positionsStore } from "./global-positions.ts";
import type { GlobalStores } from "./global-stores.ts";
import { noCollector, noTimers, withoutLetters } from "./global-surroundings.ts";
import type { GlobalTaskOptions } from "./global-task-options.ts";
import { RecordQueue } from "./record-queue.ts";
import { RunningNode } from "./running-node.ts";
import type { Slice } from "./slice.ts";
import { defaultSerdeTimeoutMs } from "./stream-task-options.ts";
import { TaskContext } from "./task-context.ts";
import { TaskErrors } from "./task-errors.ts";
import { TaskRecordContext } from "./task-record-context.ts";
import { closeNodes, initializeNodes } from "./task-topology.ts";
import { toldOutage } from "./told-outage.ts";

/** Kafka's, for metrics and messages: -1_-1. */
const globalTaskId = { subtopology: -1, partition: -1 };

/** A global store at work. */
interface FedStore {
  readonly specification: StoreSpecification;
  readonly source: RunningNode;
  readonly node: GlobalStore["source"];
}

/**
 * The global stores of a process, and what feeds them (Kafka: `GlobalStateUpdateTask`): each record of their topics, in
 * the order of its partition, without regard to times. What is in the stores comes from the same processors, whether it
 * was there before the process or comes while it runs.
 */
export class GlobalTask implements GlobalStores {
  readonly #options: GlobalTaskOptions;
  readonly #stores: TaskStores;
  readonly #positions: GlobalPositions;
  readonly #context: TaskContext;
  readonly #waits: WaitBounds;
  /** Heads in whose middle a serde had to fetch something: what they have put is put again. */
  readonly #pending = new Map<RecordQueue, SerdeWait>();
  readonly #errors: TaskErrors;
  readonly #nodes: RunningNode[] = [];
  readonly #fed = new Map<string, FedStore>();
  readonly #queues = new Map<string, RecordQueue>();

  /** @throws StateError `STORE_FORMAT_TOO_NEW`; the engine stays the caller's to close then */
  constructor(options: GlobalTaskOptions) {
    this.#options = options;
    const { globalStores, engine, cache, stageBytesMax, metrics, logger, config } = options;
    const recordContext = new TaskRecordContext();
    this.#stores = openTaskStores({
      engine,
      stores: [
        ...globalStores.map(({ specification, topic }) => ({
          specification,
          ...(cache.sizeBytesMax === 0 ? { caching: false } : {}),
          changelogTopic: topic,
          changelog: null,
        })),
        { specification: positionsStore, changelogTopic: "", changelog: null },
      ],
      recordContext,
      cache,
      ...(stageBytesMax === undefined ? {} : { stageBytesMax }),
      logger,
      metrics,
      taskId: "global",
    });
    this.#positions = new GlobalPositions(this.#stores);
    this.#context = new TaskContext(
      {
        ...options,
        taskId: globalTaskId,
        nodes: globalStores.flatMap(({ source, processor }) => [source, processor]),
        stores: this.#stores,
        globalStores: this,
        recordContext,
      },
      () => -1,
    );
    const { clock, timers, wake = () => {} } = options;
    const timeoutMs = config.serdeTimeoutMs ?? defaultSerdeTimeoutMs;
    const onOutage = toldOutage(logger, { task: "global" });
    this.#waits = { clock, timers, wake, timeoutMs, onOutage };
    this.#errors = new TaskErrors(
      this.#context,
      withoutLetters(config),
      noCollector,
      ({ topic, partition }) => this.#hasWaitedTooLong(topic, partition),
    );
    for (const store of globalStores) this.#connect(store);
  }

  /** Starts the processors: once, before the first record. */
  initialize(): void {
    initializeNodes({ nodes: this.#nodes }, this.#context);
  }

  /** Records that were left out: `dropped-records-total`. */
  get droppedRecords(): Counter {
    return this.#context.dropped.counter;
  }

  has(name: string): boolean {
    return this.#options.globalStores.some(({ specification }) => specification.name === name);
  }

  store<Store extends StateStore = StateStore>(handle: StoreSpecification<Store> | string): Store {
    return readOnlyStore(this.#stores.store(handle)) as Store;
  }

  /** A store as a query reads it. */
  view(store: string, isolation: QueryIsolation): StoreView {
    return this.#stores.view(store, isolation);
  }

  /** By partition of the topic of a store: all records below are in what is committed of it. */
  offsetsIn(store: string): ReadonlyMap<number, Offset> {
    return this.#positions.of(store);
  }

  /**
   * Where to go on with the topic of a store: by partition. What was built from another topic of that name is gone.
   *
   * @param topicId undefined where the cluster has none
   */
  begin(topic: string, topicId: string | undefined): ReadonlyMap<number, Offset> {
    const { name } = this.#fedBy(topic).specification;
    const isOwn = this.#stores.tie(name, topic, topicId);
    const isThere = isOwn && this.#stores.committedOffset(name) !== undefined;
    if (!isThere) this.restart(topic);
    return this.#positions.of(name);
  }

  /** Empties the store of a topic: it is to be read from its beginning. */
  restart(topic: string): void {
    const { name } = this.#fedBy(topic).specification;
    this.#stores.wipe(name);
    this.#positions.forget(name);
    for (const [key, queue] of this.#queues)
      if (queue.topic === topic) {
        queue.clear();
        this.#endWait(queue);
        this.#queues.delete(key);
      }
  }

  /** Queues a batch; the task releases it. */
  addBatch(batch: RecordBatchView): void {
    const key = topicPartitionName(batch.topic, batch.partition);
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      const { node } = this.#fedBy(batch.topic);
      queue = new RecordQueue(node, batch, {
        context: this.#context,
        errors: this.#errors,
        waits: this.#waits,
      });
      this.#queues.set(key, queue);
    }
    queue.add(batch);
  }

  /**
   * Takes what is queued. Stops early where the slice is over, or the stage of the stores is full: commit then.
   *
   * @returns whether all is done
   */
  process(slice?: Slice): boolean {
    for (const queue of this.#queues.values()) {
      queue.resume();
      while (queue.hasHead && this.#pending.get(queue)?.isOver !== false) {
        if (!this.#processHead(queue)) break;
        queue.advance();
        if (slice?.afterRecord() === true || this.#stores.isStageFull) return false;
      }
    }
    return true;
  }

  /** True: the next record of a partition waits for what its serde fetches. */
  get isHeld(): boolean {
    for (const queue of this.#queues.values()) if (queue.isHeld) return true;
    return this.#pending.size > 0;
  }

  /** True: commit early. */
  get isStageFull(): boolean {
    return this.#stores.isStageFull;
  }

  /** True: something came since the last commit. */
  get needsCommit(): boolean {
    for (const queue of this.#queues.values())
      if (this.#nextOffset(queue) !== queue.committedOffset) return true;
    return false;
  }

  /** Writes what came into the engine, with how far it was read. */
  commit(): void {
    this.#stores.flush();
    const sums = new Map<string, Offset>();
    for (const queue of this.#queues.values()) {
      const { name } = this.#fedBy(queue.topic).specification;
      const offset = this.#nextOffset(queue);
      queue.committedOffset = offset;
      this.#positions.put(name, queue.partition, offset);
      sums.set(name, (sums.get(name) ?? 0) + offset);
    }
    this.#stores.commit(sums);
  }

  /** Gives all batches back and closes processors and stores, without committing. Twice is fine. */
  async close(): Promise<void> {
    for (const queue of this.#queues.values()) queue.clear();
    for (const wait of this.#pending.values()) wait.close();
    const thrown = closeNodes({ nodes: this.#nodes.splice(0) }, this.#context);
    await this.#stores.close();
    if (thrown !== undefined) throw thrown;
  }

  #connect({ specification, topic, source, processor }: GlobalStore): void {
    const surroundings = {
      context: this.#context,
      guard: this.#errors.isGuarding ? this.#errors : undefined,
      timers: noTimers,
      taps: noTaps,
    };
    const sourceNode = new RunningNode(source, { process: () => {} }, surroundings);
    const node = new RunningNode(processor, processor.supplier(), surroundings);
    sourceNode.children.push(node);
    this.#nodes.push(node);
    this.#fed.set(topic, { specification, source: sourceNode, node: source });
  }

  #fedBy(topic: string): FedStore {
    const fed = this.#fed.get(topic);
    invariant(fed !== undefined, "TASK-3", topic);
    return fed;
  }

  #hasWaitedTooLong(topic: string | null, partition: number): boolean {
    if (topic === null) return false;
    const queue = this.#queues.get(topicPartitionName(topic, partition));
    return queue !== undefined && this.#pending.get(queue)?.isTooLong === true;
  }

  #endWait(queue: RecordQueue): void {
    this.#pending.get(queue)?.close();
    this.#pending.delete(queue);
  }

  /** What waits in the queue is not covered. */
  #nextOffset(queue: RecordQueue): Offset {
    return queue.nextOffset ?? this.#options.position?.(queue) ?? queue.position;
  }

  /** @returns false where it must wait */
  #processHead(queue: RecordQueue): boolean {
    const record = queue.takeHead();
    if (record === undefined) return true;
    const { recordContext } = this.#context;
    recordContext.topic = queue.headTopic;
    recordContext.partition = queue.partition;
    recordContext.offset = queue.headOffset;
    recordContext.timestamp = record.timestamp;
    recordContext.headers = record.headers;
    this.#errors.beginRecord(record);
    const { source } = this.#fedBy(queue.topic);
    this.#context.beginTurn(source.nodeName);
    try {
      source.forward(record as StreamRecord);
      this.#endWait(queue);
      return true;
    } catch (thrown) {
      if (this.#errors.isPending(thrown)) {
        queue.giveBack(record);
        const wait = this.#pending.get(queue);
        if (wait === undefined) this.#pending.set(queue, new SerdeWait(thrown, this.#waits));
        else wait.again(thrown);
        return false;
      }
      throw thrown instanceof StreamsError ? thrown : this.#context.processingError(thrown);
    } finally {
      this.#context.endTurn();
    }
  }
}
