import { BaseError } from "@millrace/model";

export type CoordinatorLogErrorCode =
  | "LOG_UNAVAILABLE"
  | "RECORD_TOO_LARGE"
  | "PRODUCER_FENCED"
  | "INVALID_TRANSACTION_STATE";

/** A coordinator's log refused an append: nothing of it was written. */
export class CoordinatorLogError extends BaseError<CoordinatorLogErrorCode> {
  constructor(code: CoordinatorLogErrorCode, message: string, cause?: unknown) {
    super(code, message, { retriable: code === "LOG_UNAVAILABLE", cause });
  }
}
