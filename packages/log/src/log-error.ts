import { BaseError, type Offset } from "@millrace/model";
import { KafkaError } from "@millrace/protocol";

/** Names of Kafka's error table (`Errors`): what a request to a log can be refused with. */
export type LogRequestErrorCode =
  | "CORRUPT_MESSAGE"
  | "INVALID_PRODUCER_EPOCH"
  | "INVALID_RECORD"
  | "INVALID_TIMESTAMP"
  | "INVALID_TXN_STATE"
  | "MESSAGE_TOO_LARGE"
  | "OFFSET_OUT_OF_RANGE"
  | "OUT_OF_ORDER_SEQUENCE_NUMBER"
  | "RECORD_LIST_TOO_LARGE"
  | "TRANSACTION_COORDINATOR_FENCED"
  | "UNKNOWN_SERVER_ERROR";

/** One record that made its batch unacceptable (KIP-467). */
export interface RecordError {
  /** Index of the record in its batch, from 0. */
  readonly batchIndex: number;
  readonly message: string;
}

/** A request that the log refused and that changed nothing. `errorCode` is what Kafka would answer. */
export class LogRequestError extends KafkaError {
  readonly recordErrors: readonly RecordError[];

  constructor(
    code: LogRequestErrorCode,
    message: string,
    recordErrors: readonly RecordError[] = [],
  ) {
    super(code, message);
    this.recordErrors = recordErrors;
  }
}

/** Where stored bytes stopped making sense, and which offsets are concerned. */
export interface LogDamage {
  readonly path: string;
  /** Byte position in the file of the first batch that cannot be trusted. */
  readonly position: number;
  /** First offset that cannot be read. */
  readonly firstOffset: Offset;
  /** Highest offset seen in valid batches behind the damage; -1 if there is none. */
  readonly lastOffset: Offset;
  readonly reason: string;
}

/**
 * Stored records are damaged where they had been made durable, or valid ones follow: more than a torn tail.
 * The log stays readable below `damage.firstOffset` and refuses appends until it is repaired
 * (Kafka answers CORRUPT_MESSAGE to fetches and KAFKA_STORAGE_ERROR to produce requests).
 */
export class LogCorruptedError extends BaseError<"LOG_CORRUPTED"> {
  readonly damage: LogDamage;

  constructor(damage: LogDamage) {
    const behind =
      damage.lastOffset < 0 ? "" : `; valid records up to offset ${damage.lastOffset} follow`;
    super(
      "LOG_CORRUPTED",
      `${damage.path} is damaged at byte ${damage.position}, from offset ${damage.firstOffset} on ` +
        `(${damage.reason})${behind}. Records below it stay readable, appends are refused: restore the file from a ` +
        `copy, or stop the broker and run \`millrace log check DIR\`, which tells what \`millrace log repair DIR\` ` +
        "would set aside.",
    );
    this.damage = damage;
  }
}

export type LogStorageErrorCode =
  | "LOG_FAILED"
  | "LOG_CLOSED"
  | "LOG_MISSING"
  | "LOG_UNUSABLE"
  | "WRITE_FAILED";

/**
 * The disk or the log cannot serve (Kafka: KAFKA_STORAGE_ERROR).
 *
 * - `WRITE_FAILED`: nothing was appended; the same append may succeed later (a full disk, for example).
 * - `LOG_FAILED`: a sync failed or a write could not be taken back. What the device holds is unknown, so
 *   nothing is retried: the process must end, and a restart reads what is there.
 * - `LOG_CLOSED`: used after `close()`.
 * - `LOG_MISSING`: there were records, and the folder that held them is gone.
 * - `LOG_UNUSABLE`: what is stored cannot be opened or replayed; `cause` says why.
 */
export class LogStorageError extends BaseError<LogStorageErrorCode> {
  constructor(code: LogStorageErrorCode, message: string, cause?: unknown) {
    super(code, message, { retriable: code === "WRITE_FAILED", cause });
  }
}

export type LogDirectoryErrorCode =
  | "FOREIGN_FOLDER"
  | "PROPERTIES_DAMAGED"
  | "VERSION_TOO_NEW"
  | "WRONG_CLUSTER"
  | "IN_USE";

/** A folder that this program must not use as its log directory. Nothing in it was changed. */
export class LogDirectoryError extends BaseError<LogDirectoryErrorCode> {
  readonly path: string;

  constructor(code: LogDirectoryErrorCode, path: string, message: string, cause?: unknown) {
    super(code, `${path}: ${message}`, { cause });
    this.path = path;
  }
}
