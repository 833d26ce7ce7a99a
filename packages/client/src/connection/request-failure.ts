import { ClusterError, type ClusterErrorCode } from "@millrace/cluster";

/** A request that got no answer; it may be tried again, elsewhere or later. */
export class RequestFailure extends ClusterError {
  /** True: its bytes may have reached the broker, so that its effect is unknown. */
  readonly wasSent: boolean;

  constructor(
    code: Extract<ClusterErrorCode, "BROKER_UNREACHABLE" | "REQUEST_TIMED_OUT">,
    message: string,
    details: { readonly wasSent: boolean; readonly cause?: unknown },
  ) {
    super(code, message, { retriable: true, cause: details.cause });
    this.wasSent = details.wasSent;
  }
}
