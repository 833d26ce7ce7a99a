import { OptionError, shown, type Timestamp } from "@millrace/model";
import type { SampledValues } from "@millrace/platform";
import type { RecordContext, StateStore, StoreSpecification } from "@millrace/state";

import { StreamsError } from "../error/streams-error.ts";
import { requireForwardedTime } from "../processor/callback-result.ts";
import { requireForwardable } from "../processor/forwarded-record.ts";
import type {
  DropLevel,
  Processor,
  ProcessorContext,
  RecordMetadata,
} from "../processor/processor.ts";
import type { NodeTaps, RecordTap } from "../processor/record-tap.ts";
import {
  readPunctuation,
  type PunctuationInterval,
  type PunctuationType,
  type Punctuator,
} from "../processor/punctuation.ts";
import { storeInTurns } from "../processor/store-in-turns.ts";
import type { StreamRecord } from "../processor/stream-record.ts";
import type { TaskScope } from "../processor/task-scope.ts";
import type { TaskId } from "../processor/task-id.ts";
import { unknownInput } from "../processor/unknown-input.ts";
import type { TopologyNode } from "../topology/topology-node.ts";
import type { RecordLatency } from "./record-latency.ts";
import { outOfTurn } from "./out-of-turn.ts";
import type { TaskContext } from "./task-context.ts";
import { TaskRecordContext } from "./task-record-context.ts";
import type { TaskTimers } from "./task-timers.ts";

/** Decides about what processors throw. */
export interface ErrorGuard {
  /** Comes back to go on without the record; else throws. */
  onProcessingError(node: string, thrown: unknown): void;
  /**
   * The record for which the context's `input` holds, until it has sent something: dead letters are without its bytes
   * then. One that is mapped has its own.
   */
  contextRecord: StreamRecord | undefined;
}

export interface NodeSurroundings {
  readonly context: TaskContext;
  readonly guard: ErrorGuard | undefined;
  readonly timers: Pick<TaskTimers, "schedule">;
  readonly taps: NodeTaps;
}

/** A node of a topology at work in one task: its processor, and the context that the processor sees. */
export class RunningNode implements ProcessorContext {
  readonly nodeName: string;
  readonly nodePlace: string | undefined;
  readonly processor: Processor;
  readonly children: RunningNode[] = [];
  readonly isSink: boolean;
  readonly isSource: boolean;
  /** Of sources, and of nodes without children; undefined of others. */
  latency: RecordLatency | undefined = undefined;
  /** Counts what it passes on; undefined: that is not measured. */
  emitted: SampledValues | undefined = undefined;
  readonly #isByHand: boolean;
  readonly #storeNames: readonly string[];
  readonly #ownStores = new Map<StateStore, StateStore>();
  readonly #task: TaskContext;
  /** Set where an error of a processor is not simply the end of the task. */
  readonly #guard: ErrorGuard | undefined;
  readonly #timers: Pick<TaskTimers, "schedule">;
  readonly #taps: readonly RecordTap[];

  constructor(node: TopologyNode, processor: Processor, surroundings: NodeSurroundings) {
    this.nodeName = node.name;
    this.nodePlace = node.place;
    this.processor = processor;
    this.isSink = node.kind === "sink";
    this.isSource = node.kind === "source";
    this.#isByHand = node.kind === "processor" && node.isByHand === true;
    this.#storeNames = node.kind === "processor" ? node.stores : [];
    this.#task = surroundings.context;
    this.#guard = surroundings.guard;
    this.#timers = surroundings.timers;
    this.#taps = surroundings.taps.of(node.name);
  }

  get applicationId(): string {
    return this.#task.applicationId;
  }

  get taskId(): TaskId {
    return this.#task.taskId;
  }

  get recordMetadata(): RecordMetadata | undefined {
    const { topic, partition, offset } = this.#task.recordContext;
    return topic === null ? undefined : { topic, partition, offset };
  }

  get taskScope(): TaskScope {
    return this.#task.scope;
  }

  currentStreamTimeMs(): Timestamp {
    return this.#task.streamTime();
  }

  currentSystemTimeMs(): Timestamp {
    return this.#task.wallTime();
  }

  schedule(
    interval: PunctuationInterval,
    type: PunctuationType,
    punctuate: Punctuator,
  ): Disposable {
    this.requireTurn("sets a timer");
    return this.#timers.schedule(this.nodeName, readPunctuation(interval, type, punctuate));
  }

  commit(): void {
    this.requireTurn("asks for a commit");
    this.#task.isCommitRequested = true;
  }

  forward(record: StreamRecord, child?: string): void {
    if (this.#isByHand) requireForwardable(record, this.nodeName);
    else requireForwardedTime(record.timestamp, this.nodeName);
    const task = this.#task;
    if (task.currentNode === undefined) throw this.#outOfTurn("forwards a record");
    const children = child === undefined ? this.children : [this.#child(child)];
    if (this.emitted !== undefined) this.emitted.record(1);
    const { recordContext } = task;
    const { timestamp, headers } = recordContext;
    // Stores below read time and headers from the context: those of the record that is on its way.
    recordContext.timestamp = record.timestamp;
    recordContext.headers = record.headers;
    try {
      if (this.#guard === undefined) {
        for (let index = 0; index < children.length; index++) {
          const next = children[index];
          task.currentNode = next.nodeName;
          next.processor.process(record);
          if (next.latency !== undefined) next.latency.note(record.timestamp);
        }
      } else this.#forwardGuarded(children, record, this.#guard);
      // They are as children that come last: what is meant for one child alone is not for them.
      if (this.#taps.length > 0 && child === undefined)
        for (const tap of this.#taps) tap.take(record, recordContext);
    } catch (thrown) {
      task.noteFailure(thrown);
      throw thrown;
    } finally {
      // Whoever catches what came from below goes on with a record of its own.
      recordContext.timestamp = timestamp;
      recordContext.headers = headers;
      task.currentNode = this.nodeName;
    }
  }

  store<Store extends StateStore = StateStore>(handle: StoreSpecification<Store> | string): Store {
    const name = typeof handle === "string" ? handle : handle.name;
    const { globalStores, stores } = this.#task;
    if (!this.#storeNames.includes(name) && globalStores?.has(name) === true)
      return globalStores.store(handle);
    this.#checkConnected(name);
    const store = stores.store(handle);
    return this.#isByHand ? this.#inTurns(store) : store;
  }

  requireTurn(what: string): void {
    if (this.#task.currentNode === undefined) throw this.#outOfTurn(what);
  }

  dropRecord(reason: string, level: DropLevel = "warn"): void {
    if (level !== "warn" && level !== "info" && level !== "debug")
      throw new OptionError(
        "INVALID_OPTION",
        `dropRecord: level is ${shown(level)}; it takes "warn", "info" or "debug"`,
      );
    this.#task.dropped.add(reason, { node: this.nodeName, ...this.#task.input }, level);
  }

  forwardIn(context: RecordContext, record: StreamRecord): void {
    const task = this.#task;
    const { recordContext, currentNode } = task;
    const { topic, partition, offset, timestamp, headers, input } = recordContext;
    recordContext.copyFrom(context);
    task.currentNode = this.nodeName;
    this.forward(record);
    recordContext.topic = topic;
    recordContext.partition = partition;
    recordContext.offset = offset;
    recordContext.timestamp = timestamp;
    recordContext.headers = headers;
    recordContext.input = input;
    task.currentNode = currentNode;
  }

  processWaiting(
    record: StreamRecord,
    process: (record: StreamRecord) => void,
    context?: RecordContext,
  ): void {
    const task = this.#task;
    const { recordContext, currentNode } = task;
    const underWay = new TaskRecordContext();
    underWay.copyFrom(recordContext);
    if (context === undefined) recordContext.input = unknownInput;
    else recordContext.copyFrom(context);
    task.currentNode = this.nodeName;
    try {
      process(record);
    } catch (thrown) {
      if (this.#guard === undefined) throw thrown;
      recordContext.timestamp = record.timestamp;
      recordContext.headers = record.headers;
      this.#guard.onProcessingError(this.nodeName, thrown);
    }
    recordContext.copyFrom(underWay);
    task.currentNode = currentNode;
  }

  /** Sinks are not guarded: what they throw is told of the node that forwards to them, as in Kafka. */
  #forwardGuarded(children: readonly RunningNode[], record: StreamRecord, guard: ErrorGuard): void {
    const { recordContext } = this.#task;
    const { input } = recordContext;
    const { contextRecord } = guard;
    const isNew = record !== contextRecord || this.processor.forwardsNewRecords === true;
    guard.contextRecord = record;
    try {
      for (const next of children) this.#processGuarded(next, record, guard);
    } finally {
      guard.contextRecord = contextRecord;
      if (isNew) recordContext.input = input;
    }
  }

  #processGuarded(next: RunningNode, record: StreamRecord, guard: ErrorGuard): void {
    const { recordContext } = this.#task;
    this.#task.currentNode = next.nodeName;
    if (next.isSink) {
      next.processor.process(record);
      next.latency?.note(record.timestamp);
      return;
    }
    try {
      next.processor.process(record);
      next.latency?.note(record.timestamp);
    } catch (thrown) {
      recordContext.timestamp = record.timestamp;
      recordContext.headers = record.headers;
      guard.onProcessingError(next.nodeName, thrown);
    }
  }

  /** The same one whenever it is asked for. */
  #inTurns<Store extends StateStore>(store: Store): Store {
    const known = this.#ownStores.get(store) as Store | undefined; // made of this very store
    if (known !== undefined) return known;
    const own = storeInTurns(store, (what) => this.requireTurn(what));
    this.#ownStores.set(store, own);
    return own;
  }

  #outOfTurn(what: string): StreamsError {
    return outOfTurn(what, this.#task, this.nodeName);
  }

  #checkConnected(store: string): void {
    if (this.#storeNames.includes(store)) return;
    throw new StreamsError(
      "NOT_CONNECTED",
      `store ${store} is not connected to this node; name it where the processor is added`,
      this.#task.placeOf(this.nodeName),
    );
  }

  #child(name: string): RunningNode {
    const found = this.children.find((child) => child.nodeName === name);
    if (found !== undefined) return found;
    throw new StreamsError(
      "NOT_CONNECTED",
      `there is no child ${name}; it has ${this.children.map((child) => child.nodeName).join(", ") || "none"}`,
      this.#task.placeOf(this.nodeName),
    );
  }
}
