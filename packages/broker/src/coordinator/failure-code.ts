import type { Logger } from "@millrace/platform";
import { CoordinatorLogError } from "./coordinator-log-error.ts";
import { errorCode } from "./error-code.ts";
import { ShardLoadingError } from "./shard-runtime.ts";

/** What a client is told when a coordinator's log could not take or keep a record. */
export function codeOfFailure(failure: unknown, logger: Logger): number {
  if (failure instanceof ShardLoadingError) return errorCode.coordinatorLoadInProgress;
  if (failure instanceof CoordinatorLogError) {
    switch (failure.code) {
      case "LOG_UNAVAILABLE":
        return errorCode.coordinatorNotAvailable;
      case "PRODUCER_FENCED":
        return errorCode.invalidProducerEpoch;
      case "INVALID_TRANSACTION_STATE":
        return errorCode.invalidTransactionState;
      case "RECORD_TOO_LARGE":
        return errorCode.unknownServerError;
    }
  }
  logger.log("error", "broker.coordinator-request-failed", { failure });
  return errorCode.unknownServerError;
}
