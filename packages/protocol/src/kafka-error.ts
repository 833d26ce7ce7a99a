import { BaseError } from "@millrace/model";
import { errorCodeOf, errorRow, type ErrorName } from "./error-table.ts";

/**
 * An error of the Kafka protocol: answered by a broker, or about to be (Kafka: `Errors`). `code` is
 * Kafka's name, `errorCode` the number on the wire.
 *
 * @example throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION", `topic ${name} is not there`)
 */
export class KafkaError extends BaseError<ErrorName> {
  readonly errorCode: number;

  /** @param message default: the line of the table */
  constructor(name: ErrorName, message?: string, cause?: unknown) {
    const row = errorRow(errorCodeOf(name));
    super(name, message ?? `${name}: ${row.text}`, { retriable: row.retriable, cause });
    this.errorCode = row.errorCode;
  }

  /**
   * The error of a number; one that is not in the table is `UNKNOWN_SERVER_ERROR`, as in Kafka.
   *
   * @param told what the answer says of it: brokers leave that empty, or null
   */
  static of(errorCode: number, told?: string | null): KafkaError {
    const message = told === null || told === "" ? undefined : told;
    return new KafkaError(errorRow(errorCode).name, message);
  }
}
