import { messageOf, type Timestamp } from "@millrace/model";
import { SerdeError, SerdePendingError } from "@millrace/serde";
import { withFields, type Logger } from "@millrace/platform";
import type { TaskStores } from "@millrace/state";

import { StreamsError, reasonOf, type ErrorPlace } from "../error/streams-error.ts";
import { TaskScope } from "../processor/task-scope.ts";
import { taskIdText, type TaskId } from "../processor/task-id.ts";
import { DroppedRecords } from "./dropped-records.ts";
import { NodeWarnings } from "./node-warnings.ts";
import type { GlobalStores } from "./global-stores.ts";
import type { TopologyNode } from "../topology/topology-node.ts";
import type { StreamTaskOptions } from "./stream-task-options.ts";
import type { TaskRecordContext } from "./task-record-context.ts";

type TaskSurroundings = Pick<
  StreamTaskOptions,
  | "config"
  | "taskId"
  | "clock"
  | "stores"
  | "globalStores"
  | "recordContext"
  | "metrics"
  | "logger"
  | "onDrop"
  | "onPassedOver"
> & { readonly nodes: readonly TopologyNode[] };

/** What the nodes, queues and stores of a task share: who it is, the record under way, its times and counters. */
export class TaskContext {
  readonly applicationId: string;
  readonly taskId: TaskId;
  readonly taskName: string;
  readonly stores: TaskStores;
  readonly globalStores: GlobalStores | undefined;
  readonly recordContext: TaskRecordContext;
  readonly dropped: DroppedRecords;
  readonly logger: Logger;
  /** An error that a policy has passed over: of those of one node the log has a line a minute. */
  readonly notePassedOver: (error: StreamsError) => void;
  readonly streamTime: () => Timestamp;
  readonly wallTime: () => Timestamp;
  readonly scope: TaskScope;
  /** Name of the node under way; undefined: no node has its turn. */
  currentNode: string | undefined = undefined;
  readonly #places: ReadonlyMap<string, string | undefined>;
  #failed: { readonly thrown: unknown; readonly node: string | undefined } | undefined;
  /** What a serde must first fetch, and a node was told of, whoever caught it. */
  pending: SerdePendingError | undefined;
  /** True: a processor asked for a commit. */
  isCommitRequested = false;
  /** True: what a call has brought is delivered, which is a record's wherever that came from. */
  #isResult = false;

  /** The one that was given a turn last, until that ends. */
  static #atWork: TaskContext | undefined;

  /** The task of this thread of which a node has its turn, for what is told of a mistake; undefined: none has. */
  static get atWork(): TaskContext | undefined {
    const task = TaskContext.#atWork;
    return task?.currentNode === undefined ? undefined : task;
  }

  constructor(options: TaskSurroundings, streamTime: () => Timestamp) {
    const { config, taskId, clock } = options;
    this.applicationId = config.applicationId;
    this.taskId = taskId;
    this.taskName = taskIdText(taskId);
    this.#places = new Map(options.nodes.map(({ name, place }) => [name, place]));
    this.stores = options.stores;
    this.globalStores = options.globalStores;
    this.recordContext = options.recordContext;
    this.logger = withFields(options.logger, { task: this.taskName });
    const told = { clock, logger: this.logger };
    const passedOver = new NodeWarnings("streams.error-passed-over", told);
    this.notePassedOver = (error) => {
      const { code, node, place, topic, partition, offset, cause } = error;
      passedOver.add(
        reasonOf(cause),
        { node, place, topic, partition, offset },
        // The serde's own is told by the reason.
        { code, ...(cause instanceof SerdeError ? {} : { cause }) },
      );
      options.onPassedOver?.(error);
    };
    this.dropped = new DroppedRecords({
      counter: options.metrics.counter("dropped-records-total", { "task-id": this.taskName }),
      ...told,
      onDrop: options.onDrop,
    });
    const losses = new NodeWarnings("streams.results-lost", told);
    const tellLost = (what: string): void => {
      losses.add(what, this.underWay);
      options.onDrop?.(what, this.underWay);
    };
    const costs = new NodeWarnings("streams.records-costly", told);
    const tellCostly = (what: string): void => costs.add(what, this.underWay);
    const tell = { lost: tellLost, costly: tellCostly };
    this.scope = new TaskScope(this.recordContext, tell, config.emitIntervalMs);
    this.streamTime = streamTime;
    this.wallTime = () => clock.wallMs();
    this.stores.reportDropsTo((reason) => this.dropped.add(reason, this.underWay));
  }

  /** @param node undefined: none yet, but what caches hold back is forwarded */
  beginTurn(node: string | undefined, isResult = false): void {
    this.currentNode = node;
    this.#isResult = isResult;
    TaskContext.#atWork = this;
  }

  /** Also where it has failed: none of the nodes has its turn any more. */
  endTurn(): void {
    this.currentNode = undefined;
    if (TaskContext.#atWork === this) TaskContext.#atWork = undefined;
  }

  /** The node and the record under way. */
  get underWay(): ErrorPlace {
    const node = this.currentNode;
    return { ...(node === undefined ? {} : { node }), ...this.input };
  }

  /** The record under way; none outside of one. */
  get input(): Pick<ErrorPlace, "topic" | "partition" | "offset"> {
    const { topic, partition, offset } = this.recordContext;
    return topic === null ? {} : { topic, partition, offset };
  }

  /** A node, as errors tell it. */
  placeOf(node: string | undefined): Pick<ErrorPlace, "node" | "place" | "taskId"> {
    const place = node === undefined ? undefined : this.#places.get(node);
    return {
      ...(node === undefined ? {} : { node }),
      ...(place === undefined ? {} : { place }),
      taskId: this.taskName,
    };
  }

  /** Remembers which node threw, while what it threw passes the nodes above it. */
  noteFailure(thrown: unknown): void {
    if (this.#failed === undefined || this.#failed.thrown !== thrown)
      this.#failed = { thrown, node: this.currentNode };
    if (thrown instanceof SerdePendingError) this.pending = thrown;
  }

  /** What a node threw while a record was under way, or a timer. */
  processingError(thrown: unknown, node = this.#thrower(thrown)): StreamsError {
    const isRecord = this.recordContext.topic !== null || this.#isResult;
    return this.#failure(isRecord ? "a record could not be processed" : "a timer failed", thrown, {
      ...this.placeOf(node),
      ...this.input,
    });
  }

  /** What a processor threw before there were any records. */
  startError(thrown: unknown): StreamsError {
    return this.#failure(
      "a processor could not be started",
      thrown,
      this.placeOf(this.currentNode),
    );
  }

  /** What a processor threw as it was closed: no record is under way, whichever was the last. */
  closeError(thrown: unknown, node: string | undefined): StreamsError {
    return this.#failure("a processor could not be closed", thrown, this.placeOf(node));
  }

  #thrower(thrown: unknown): string | undefined {
    return this.#failed !== undefined && this.#failed.thrown === thrown
      ? this.#failed.node
      : this.currentNode;
  }

  #failure(what: string, thrown: unknown, place: ErrorPlace): StreamsError {
    const message = `${what}: ${messageOf(thrown)}`;
    return new StreamsError("PROCESSING_FAILED", message, { ...place, cause: thrown });
  }
}
