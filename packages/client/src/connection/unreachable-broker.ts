import { BaseError } from "@millrace/model";
import { ClusterError } from "@millrace/cluster";
import { FileSystemError, NetworkError } from "@millrace/platform";
import { isTlsFailure } from "@millrace/platform";
import { RequestFailure } from "./request-failure.ts";

/** None of the addresses answers. */
export function unreachableBroker(addresses: readonly string[], cause: unknown): RequestFailure {
  return new RequestFailure(
    "BROKER_UNREACHABLE",
    `no broker answers at ${addresses.join(", ")}${reasonOf(cause)}; is it started, and is that its address?`,
    { wasSent: false, cause },
  );
}

/** What the network said, once: the failure of one address says the rest already, and what to do follows. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return "";
  if (cause instanceof RequestFailure && cause.code === "BROKER_UNREACHABLE")
    return reasonOf(cause.cause);
  return ` (${cause.message.split(";")[0]})`;
}

/**
 * True where another attempt would end alike: whoever waits is told at once, and nobody is locked out
 * for guessing a password again and again.
 */
export function isRefusedForGood(cause: unknown): cause is BaseError {
  if (!(cause instanceof BaseError) || cause.retriable) return false;
  if (cause instanceof ClusterError) return cause.code === "AUTHENTICATION_FAILED";
  if (cause instanceof NetworkError)
    return isTlsFailure(cause) || cause.code === "TLS_SETTINGS_INVALID";
  return cause instanceof FileSystemError;
}
