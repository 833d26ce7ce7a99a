import { BaseError } from "@millrace/model";

/** Thrown by a handler where Kafka closes the connection instead of answering, as for an error with acks=0. */
export class CloseConnectionError extends BaseError<"CLOSE_CONNECTION"> {
  constructor(reason: string, cause?: unknown) {
    super("CLOSE_CONNECTION", reason, { cause });
  }
}
