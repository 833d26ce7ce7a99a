import type { Timestamp } from "@millrace/model";
import type { Counter, Logger } from "@millrace/platform";
import type {
  RecordContext,
  TaskStores,
  TimestampedKeyValueStore,
  UpdatableStore,
} from "@millrace/state";

import { StreamsError } from "../error/streams-error.ts";
import type { Processor, ProcessorContext, RecordMetadata } from "../processor/processor.ts";
import type { StreamRecord } from "../processor/stream-record.ts";
import { taskIdText, type TaskId } from "../processor/task-id.ts";
import type { TopologyNode } from "../topology/topology-node.ts";
import type { TaskRecordContext } from "./task-record-context.ts";

/** What the nodes of a task share. */
export interface NodeSurroundings {
  readonly applicationId: string;
  readonly taskId: TaskId;
  readonly stores: TaskStores;
  readonly recordContext: TaskRecordContext;
  readonly dropped: Counter;
  readonly logger: Logger;
  readonly streamTime: () => Timestamp;
  readonly wallTime: () => Timestamp;
  /** Set where an error of a processor is not simply the end of the task. */
  readonly guard: ErrorGuard | undefined;
  /** The node under way, for messages. */
  current: RunningNode | undefined;
}

/** Decides about what processors throw. */
export interface ErrorGuard {
  /** Comes back to go on without the record; else throws. */
  onProcessingError(node: RunningNode, thrown: unknown): void;
  /** False once the input record under way has sent something: dead letters are without its bytes then. */
  holdsInput: boolean;
  /** The record for which `holdsInput` is kept: one that is mapped has its own. */
  contextRecord: StreamRecord | undefined;
}

/** A node of a topology at work in one task: its processor, and the context that the processor sees. */
export class RunningNode implements ProcessorContext {
  readonly nodeName: string;
  readonly processor: Processor;
  readonly children: RunningNode[] = [];
  readonly isSink: boolean;
  readonly #storeNames: readonly string[];
  readonly #shared: NodeSurroundings;

  constructor(node: TopologyNode, processor: Processor, shared: NodeSurroundings) {
    this.nodeName = node.name;
    this.processor = processor;
    this.isSink = node.kind === "sink";
    this.#storeNames = node.kind === "processor" ? node.stores : [];
    this.#shared = shared;
  }

  get applicationId(): string {
    return this.#shared.applicationId;
  }

  get taskId(): TaskId {
    return this.#shared.taskId;
  }

  get recordMetadata(): RecordMetadata | undefined {
    const { topic, partition, offset } = this.#shared.recordContext;
    return topic === null ? undefined : { topic, partition, offset };
  }

  currentStreamTimeMs(): Timestamp {
    return this.#shared.streamTime();
  }

  currentSystemTimeMs(): Timestamp {
    return this.#shared.wallTime();
  }

  forward(record: StreamRecord, child?: string): void {
    const shared = this.#shared;
    const children = child === undefined ? this.children : [this.#child(child)];
    const { recordContext } = shared;
    const { timestamp, headers } = recordContext;
    // Stores below read time and headers from the context: those of the record that is on its way.
    recordContext.timestamp = record.timestamp;
    recordContext.headers = record.headers;
    if (shared.guard === undefined) {
      for (let index = 0; index < children.length; index++) {
        const next = children[index];
        shared.current = next;
        next.processor.process(record);
      }
    } else this.#forwardGuarded(children, record, shared.guard);
    recordContext.timestamp = timestamp;
    recordContext.headers = headers;
    shared.current = this;
  }

  store(name: string): unknown {
    this.#checkConnected(name);
    return this.#shared.stores.stores.find((store) => store.name === name);
  }

  timestampedStore<K, V>(name: string): TimestampedKeyValueStore<K, V> & UpdatableStore<K, V> {
    this.#checkConnected(name);
    return this.#shared.stores.timestampedKeyValueStore(name);
  }

  dropRecord(reason: string): void {
    this.#shared.dropped.add(1);
    if (this.#shared.logger.isEnabled("warn"))
      this.#shared.logger.log("warn", "record-dropped", {
        node: this.nodeName,
        task: taskIdText(this.taskId),
        ...this.recordMetadata,
        reason,
      });
  }

  forwardIn(context: RecordContext, record: StreamRecord): void {
    const shared = this.#shared;
    const { recordContext, current } = shared;
    const { topic, partition, offset, timestamp, headers } = recordContext;
    recordContext.copyFrom(context);
    shared.current = this;
    this.forward(record);
    recordContext.topic = topic;
    recordContext.partition = partition;
    recordContext.offset = offset;
    recordContext.timestamp = timestamp;
    recordContext.headers = headers;
    shared.current = current;
  }

  /** Sinks are not guarded: what they throw is told of the node that forwards to them, as in Kafka. */
  #forwardGuarded(children: readonly RunningNode[], record: StreamRecord, guard: ErrorGuard): void {
    const { holdsInput, contextRecord } = guard;
    const isNew = record !== contextRecord || this.processor.forwardsNewRecords === true;
    guard.contextRecord = record;
    try {
      for (const next of children) this.#processGuarded(next, record, guard);
    } finally {
      guard.contextRecord = contextRecord;
      if (isNew) guard.holdsInput = holdsInput;
    }
  }

  #processGuarded(next: RunningNode, record: StreamRecord, guard: ErrorGuard): void {
    const { recordContext } = this.#shared;
    this.#shared.current = next;
    if (next.isSink) {
      next.processor.process(record);
      return;
    }
    try {
      next.processor.process(record);
    } catch (thrown) {
      recordContext.timestamp = record.timestamp;
      recordContext.headers = record.headers;
      guard.onProcessingError(next, thrown);
    }
  }

  #checkConnected(store: string): void {
    if (this.#storeNames.includes(store)) return;
    throw new StreamsError(
      "NOT_CONNECTED",
      `store ${store} is not connected to this node; name it where the processor is added`,
      { node: this.nodeName, taskId: taskIdText(this.taskId) },
    );
  }

  #child(name: string): RunningNode {
    const found = this.children.find((child) => child.nodeName === name);
    if (found !== undefined) return found;
    throw new StreamsError(
      "NOT_CONNECTED",
      `there is no child ${name}; it has ${this.children.map((child) => child.nodeName).join(", ") || "none"}`,
      { node: this.nodeName, taskId: taskIdText(this.taskId) },
    );
  }
}
