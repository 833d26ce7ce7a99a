import { BaseError, messageOf } from "@millrace/model";
import { SerdeError } from "@millrace/serde";

export type StreamsErrorCode =
  /** A callback, or a processor, threw. `cause` is what it threw. */
  | "PROCESSING_FAILED"
  /** Bytes that a serde could not read. `cause` is its `SerdeError`. */
  | "DESERIALIZATION_FAILED"
  /** A record that could not be written to its topic. `cause` is a `SerdeError` where the serde refused. */
  | "PRODUCTION_FAILED"
  /** A record of a changelog that could not be written. */
  | "CHANGELOG_REFUSED"
  /** A buffer of `suppress` that was to shut down when it is full is full. */
  | "SUPPRESS_BUFFER_FULL"
  /** A record without a usable timestamp. */
  | "INVALID_TIMESTAMP"
  /** A sink computed the name of a topic that the task cannot write to. */
  | "UNKNOWN_SINK_TOPIC"
  /** A node asked for a store that is not connected to it, or a child that it does not have. */
  | "NOT_CONNECTED"
  /** A processor forwarded a record, wrote to a store, set a timer or asked for a commit, and neither it nor one above it had its turn. */
  | "OUT_OF_TURN"
  /** A processor that feeds a global store has set a timer. */
  | "TIMER_UNSUPPORTED"
  /** The third argument of a callback was read after its call. */
  | "RECORD_IS_OVER"
  /** A call of an asynchronous operator took longer than its timeout. */
  | "CALL_TIMED_OUT"
  /** Why a call of an asynchronous operator was aborted: its task was closed. */
  | "TASK_CLOSED"
  /** An operator sends what it gives up to dead letters, and there is no topic for them. */
  | "NO_DEAD_LETTER_TOPIC"
  /** A batch came for a partition that the task does not have. */
  | "UNKNOWN_PARTITION";

/** Where in a task something went wrong. */
export interface ErrorPlace {
  /** Name of the processor node, as `describe()` prints it. */
  readonly node?: string;
  /** Where the program made the node, such as `app.ts:12:4`; undefined where the engine does not tell. */
  readonly place?: string;
  readonly taskId?: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: number;
}

/** What went wrong while records were processed (Kafka: `StreamsException`), with its place. */
export class StreamsError extends BaseError<StreamsErrorCode> {
  readonly node: string | undefined;
  readonly place: string | undefined;
  readonly taskId: string | undefined;
  readonly topic: string | undefined;
  readonly partition: number | undefined;
  readonly offset: number | undefined;

  constructor(
    code: StreamsErrorCode,
    message: string,
    details: ErrorPlace & { readonly cause?: unknown } = {},
  ) {
    super(code, `${message}${placeText(details)}`, { cause: details.cause });
    this.node = details.node;
    this.place = details.place;
    this.taskId = details.taskId;
    this.topic = details.topic;
    this.partition = details.partition;
    this.offset = details.offset;
  }
}

/** Of a handler that throws, or gives no answer, with what it was asked about: `cause.errors` has that, and then its own. */
export function handlerError(asked: StreamsError, thrown: unknown): StreamsError {
  const place = placeText(asked);
  const happened = asked.message.slice(0, asked.message.length - place.length);
  const message = `an error handler failed: ${messageOf(thrown)}; it was asked about this: ${happened}`;
  const cause = new AggregateError([asked, thrown], message);
  return new StreamsError("PROCESSING_FAILED", message, { ...placeOf(asked), cause });
}

function placeOf({ node, place, taskId, topic, partition, offset }: StreamsError): ErrorPlace {
  return { node, place, taskId, topic, partition, offset };
}

function placeText(place: ErrorPlace): string {
  const parts: string[] = [];
  if (place.node !== undefined)
    parts.push(`node ${place.node}${place.place === undefined ? "" : ` at ${place.place}`}`);
  if (place.taskId !== undefined) parts.push(`task ${place.taskId}`);
  if (place.topic !== undefined && place.partition !== undefined && place.partition >= 0)
    parts.push(`record ${place.topic}-${place.partition} at offset ${place.offset}`);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

/** Why a record cannot be read or written, in one sentence: what a serde error says besides is said by who tells it. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof SerdeError
    ? `${thrown.serde}: ${messageOf(thrown.cause)}`
    : messageOf(thrown);
}
