import type { Timestamp } from "@millrace/model";
import type { Counter, Logger } from "@millrace/platform";
import type { TaskStores } from "@millrace/state";

import { StreamsError, messageOf } from "../error/streams-error.ts";
import type { StreamRecord } from "../processor/stream-record.ts";
import { taskIdText, type TaskId } from "../processor/task-id.ts";
import type { SinkNode, SourceNode } from "../topology/topology-node.ts";
import { deadLetterHeaders, type DeadLetter } from "./dead-letters.ts";
import { responseTo, type ErrorPolicy } from "./error-policy.ts";
import type { RecordQueueOwner, UnreadableRecord } from "./record-queue.ts";
import type { ErrorGuard, NodeSurroundings, RunningNode } from "./running-node.ts";
import type { SinkOwner } from "./sink-processor.ts";
import type { StreamTaskOptions } from "./stream-task-options.ts";
import type { TaskRecordContext } from "./task-record-context.ts";

/** What the nodes and queues of a task share: its policies for errors, its dead letters, its counters. */
export class TaskErrors implements NodeSurroundings, RecordQueueOwner, SinkOwner, ErrorGuard {
  readonly applicationId: string;
  readonly taskId: TaskId;
  readonly stores: TaskStores;
  readonly recordContext: TaskRecordContext;
  readonly dropped: Counter;
  readonly logger: Logger;
  readonly streamTime: () => Timestamp;
  readonly wallTime: () => Timestamp;
  readonly guard: ErrorGuard | undefined;
  current: RunningNode | undefined = undefined;
  holdsInput = false;
  contextRecord: StreamRecord | undefined = undefined;
  readonly #options: StreamTaskOptions;
  #source: SourceNode | undefined;
  #input: StreamRecord | undefined;

  constructor(options: StreamTaskOptions, streamTime: () => Timestamp) {
    const { config, taskId } = options;
    this.#options = options;
    this.applicationId = config.applicationId;
    this.taskId = taskId;
    this.stores = options.stores;
    this.recordContext = options.recordContext;
    this.dropped = options.metrics.counter("dropped-records-total", {
      "task-id": taskIdText(taskId),
    });
    this.logger = options.logger;
    this.streamTime = streamTime;
    this.wallTime = () => options.clock.wallMs();
    const isPlain =
      (config.onProcessingError ?? "fail") === "fail" && config.deadLetterTopic === undefined;
    this.guard = isPlain ? undefined : this;
  }

  beginRecord(source: SourceNode, record: StreamRecord): void {
    if (this.guard === undefined) return;
    this.#source = source;
    this.#input = record;
    this.holdsInput = true;
    this.contextRecord = undefined;
  }

  onSent(): void {
    this.holdsInput = false;
  }

  continuesAfter({ error, record }: UnreadableRecord): boolean {
    const response = this.#respond(this.#options.config.onDeserializationError, error, {
      key: record.key,
      value: record.value,
      letter: {
        topic: record.topic,
        partition: record.partition,
        offset: record.offset,
        timestamp: record.timestamp,
        headers: record.headers,
        cause: error.cause,
      },
    });
    return response === "continue";
  }

  onProcessingError(node: RunningNode, thrown: unknown): void {
    if (thrown instanceof StreamsError && thrown.code === "PROCESSING_FAILED") throw thrown;
    const { topic, partition, offset } = this.recordContext;
    const error = new StreamsError(
      "PROCESSING_FAILED",
      `a record could not be processed: ${messageOf(thrown)}`,
      {
        node: node.nodeName,
        taskId: taskIdText(this.taskId),
        ...(topic === null ? {} : { topic, partition, offset }),
        cause: thrown,
      },
    );
    const policy = this.#options.config.onProcessingError;
    if (this.#respond(policy, error, this.#inputLetter(thrown)) === "fail") throw error;
    this.dropped.add(1);
  }

  onProductionError(_node: SinkNode, error: StreamsError): void {
    const policy = this.#options.config.onProductionError;
    if (this.#respond(policy, error, this.#inputLetter(error.cause)) === "fail") throw error;
    this.dropped.add(1);
  }

  #inputLetter(cause: unknown): InputLetter {
    const { topic, partition, offset, timestamp, headers } = this.recordContext;
    const source = this.#source;
    const input = this.holdsInput ? this.#input : undefined;
    const isKnown = source !== undefined && input !== undefined;
    return {
      key: isKnown ? input.keyBytesAsRead(source.keySerde) : null,
      value: isKnown ? input.valueBytesAsRead(source.valueSerde) : null,
      letter: { topic: topic ?? "", partition, offset, timestamp, headers, cause },
    };
  }

  #respond(
    policy: ErrorPolicy | undefined,
    error: StreamsError,
    { key, value, letter }: InputLetter,
  ): "fail" | "continue" {
    const response = responseTo(policy ?? "fail", error);
    const { deadLetterTopic } = this.#options.config;
    if (deadLetterTopic !== undefined)
      this.#options.collector
        .topic(deadLetterTopic)
        .append(letter.timestamp, key, value, deadLetterHeaders(letter));
    if (response === "continue" && this.logger.isEnabled("warn"))
      this.logger.log("warn", "error-passed-over", {
        code: error.code,
        node: error.node,
        task: taskIdText(this.taskId),
        topic: letter.topic,
        partition: letter.partition,
        offset: letter.offset,
      });
    return response;
  }
}

interface InputLetter {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly letter: DeadLetter;
}
