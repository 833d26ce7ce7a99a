import { messageOf, type Headers, type Timestamp } from "@millrace/model";
import { SerdePendingError } from "@millrace/serde";

import { isProgramMistake } from "../error/program-mistake.ts";
import { storeFailureOf } from "../error/store-failure.ts";
import { StreamsError } from "../error/streams-error.ts";
import type { StreamRecord } from "../processor/stream-record.ts";
import { unknownInput } from "../processor/unknown-input.ts";
import { deadLetterHeaders } from "./dead-letters.ts";
import { InputBytes } from "./input-bytes.ts";
import { responseTo, type ErrorPolicy, type ErrorResponse } from "./error-policy.ts";
import type { RecordCollector, RefusalOwner } from "./record-collector.ts";
import type { QueueErrors, UnreadableRecord } from "./record-reader.ts";
import type { ErrorGuard } from "./running-node.ts";
import type { SinkOwner } from "./sink-processor.ts";
import type { ResultOwner } from "./task-calls.ts";
import type { TimerOwner } from "./task-timers.ts";
import type { RecordPlace, TaskConfig } from "./stream-task-options.ts";
import type { TaskContext } from "./task-context.ts";
import type { WrittenRecord } from "./written-record.ts";

const whyChangelog =
  "Without it the store would have another content after the next start, so that no policy is asked: let the store hold less, or raise requestBytesMax and the topic's max.message.bytes.";

/** Applies a task's policies for errors, and sends its dead letters. */
export class TaskErrors
  implements QueueErrors, SinkOwner, ErrorGuard, RefusalOwner, TimerOwner, ResultOwner
{
  contextRecord: StreamRecord | undefined = undefined;
  /** True: a sink, or a dead letter, was written since this was set to false. */
  hasSent = false;
  /** True where an error of a processor is more than the end of the task. */
  readonly isGuarding: boolean;
  readonly #context: TaskContext;
  readonly #config: TaskConfig;
  readonly #collector: RecordCollector;
  readonly #hasWaitedTooLong: (place: RecordPlace) => boolean;

  constructor(
    context: TaskContext,
    config: TaskConfig,
    collector: RecordCollector,
    hasWaitedTooLong: (place: RecordPlace) => boolean = () => false,
  ) {
    this.#context = context;
    this.#config = config;
    this.#collector = collector;
    this.#hasWaitedTooLong = hasWaitedTooLong;
    this.isGuarding =
      (config.onProcessingError ?? "fail") !== "fail" || config.deadLetterTopic !== undefined;
    collector.reportTo?.(this);
  }

  beginRecord(record: StreamRecord): void {
    if (!this.isGuarding) return;
    this.contextRecord = undefined;
    this.#begin(record.keyBytesOfInput, record.valueBytesOfInput);
  }

  /** There is no input: what fails has no bytes for dead letters. */
  beginPunctuation(): void {
    this.contextRecord = undefined;
    this.#context.recordContext.input = undefined;
  }

  /** What fails has the bytes of the input that the result is for, which its record keeps, perhaps from an earlier start. */
  beginResult(): void {
    this.contextRecord = undefined;
    if (this.#config.deadLetterTopic === undefined) this.#context.recordContext.input = undefined;
  }

  onSent(): void {
    const { recordContext } = this.#context;
    if (recordContext.input !== unknownInput) recordContext.input = undefined;
    this.hasSent = true;
  }

  /** The writer's failure is nothing that a policy for records is asked about. */
  isOfWriter(thrown: unknown): boolean {
    return thrown !== undefined && thrown === this.#collector.failure;
  }

  /** True: a serde must first fetch something, and has time left; no policy is asked. */
  isPending(thrown: unknown): thrown is SerdePendingError {
    return (
      thrown instanceof SerdePendingError && !this.#hasWaitedTooLong(this.#context.recordContext)
    );
  }

  onUnreadable({ error, ...record }: UnreadableRecord): ErrorResponse {
    if (isProgramMistake(error)) return "fail";
    return this.#respond(this.#config.onDeserializationError, error, {
      ...record,
      cause: error.cause,
    });
  }

  onPunctuationError(node: string, thrown: unknown): void {
    if (!this.isGuarding) throw thrown;
    this.onProcessingError(node, thrown);
  }

  onResultError(node: string, thrown: unknown): void {
    this.onPunctuationError(node, thrown);
  }

  sendResultLetter(node: string, cause: unknown): void {
    this.#sendDeadLetter(this.#context.processingError(cause, node), this.#inputLetter(cause));
  }

  onProcessingError(node: string, thrown: unknown): void {
    if (this.isOfWriter(thrown) || this.isPending(thrown)) throw thrown;
    // STATE-10: what is passed over would take writes of other records with it.
    if (this.#context.stores.hasFailedFlush) throw thrown;
    // No record's fault: without it all that follow would be left out, too.
    if (storeFailureOf(thrown) !== undefined) throw thrown;
    if (thrown instanceof StreamsError && isDecided(thrown)) throw thrown;
    const isMistake = isProgramMistake(thrown);
    if (isMistake && thrown instanceof StreamsError) throw thrown;
    const error = this.#context.processingError(thrown, node);
    if (isMistake) throw error;
    this.#decide(this.#config.onProcessingError, error, this.#inputLetter(thrown));
  }

  onProductionError(error: StreamsError): void {
    if (isProgramMistake(error)) throw error;
    this.#decide(this.#config.onProductionError, error, this.#inputLetter(error.cause));
  }

  onRefused(record: WrittenRecord, cause: unknown): void {
    const { topic, partition, node, isChangelog, inputTopic, timestamp, headers } = record;
    const what = `a record for ${topic}-${partition} was refused: ${messageOf(causeOf(cause))}`;
    const error = new StreamsError(
      isChangelog ? "CHANGELOG_REFUSED" : "PRODUCTION_FAILED",
      isChangelog ? `${what}. ${whyChangelog}` : what,
      {
        ...this.#context.placeOf(node),
        ...(inputTopic === ""
          ? {}
          : { topic: inputTopic, partition: record.inputPartition, offset: record.inputOffset }),
        cause,
      },
    );
    if (isChangelog) throw error; // a store would differ from its changelog: nobody may choose that
    // A dead letter that is refused has none of its own, else they would never end.
    const isLetter = node === undefined && topic === this.#config.deadLetterTopic;
    const letter = isLetter ? undefined : { key: null, value: null, timestamp, headers, cause };
    this.#decide(this.#config.onProductionError, error, letter);
  }

  #decide(policy: ErrorPolicy | undefined, error: StreamsError, letter: Letter | undefined): void {
    if (this.#respond(policy, error, letter) === "fail") throw error;
    this.#context.dropped.counter.add(1);
  }

  #respond(
    policy: ErrorPolicy | undefined,
    error: StreamsError,
    letter: Letter | undefined,
  ): ErrorResponse {
    const response = responseTo(policy ?? "fail", error);
    if (letter !== undefined) this.#sendDeadLetter(error, letter);
    if (response === "continue") this.#context.notePassedOver(error);
    return response;
  }

  #sendDeadLetter(
    error: StreamsError,
    { key, value, timestamp, headers, cause, isOfUnknown }: Letter,
  ): void {
    const { deadLetterTopic } = this.#config;
    if (deadLetterTopic === undefined) return;
    const { topic = null, partition = -1, offset = -1 } = isOfUnknown === true ? {} : error;
    const letter = { topic, partition, offset, timestamp, headers, cause };
    const { recordContext } = this.#context;
    // It is written for the record that failed, which need not be the one under way.
    const underWay = { ...recordContext };
    recordContext.copyFrom(letter);
    this.#collector.topic(deadLetterTopic).append(timestamp, key, value, deadLetterHeaders(letter));
    this.hasSent = true;
    recordContext.copyFrom(underWay);
  }

  /** Of the record under way, with its bytes as long as they hold. */
  #inputLetter(cause: unknown): Letter {
    const { timestamp, headers, input } = this.#context.recordContext;
    const { key, value } = input ?? { key: null, value: null };
    return { key, value, timestamp, headers, cause, isOfUnknown: input === unknownInput };
  }

  #begin(key: Uint8Array | null, value: Uint8Array | null): void {
    const hasLetters = this.#config.deadLetterTopic !== undefined;
    this.#context.recordContext.input = hasLetters ? new InputBytes(key, value) : undefined;
  }
}

/** What a dead letter says beside the place, which the error has. */
interface Letter {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly timestamp: Timestamp;
  readonly headers: Headers;
  readonly cause: unknown;
  /** True: the place that the error has is that of another record. */
  readonly isOfUnknown?: boolean;
}

/** The application ends for it already, whatever other policies say. */
function isDecided({ code }: StreamsError): boolean {
  return code === "PROCESSING_FAILED" || code === "CHANGELOG_REFUSED";
}

/** Kafka's own words, where a broker gave them. */
function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error;
}
