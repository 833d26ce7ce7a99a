import { BaseError } from "@millrace/model";

export type NetworkErrorCode =
  | "ADDRESS_IN_USE"
  | "ADDRESS_NOT_AVAILABLE"
  | "PERMISSION_DENIED"
  | "CONNECTION_REFUSED"
  | "CONNECTION_RESET"
  | "UNKNOWN_HOST"
  | "NETWORK_FAILED";

/** A listener or connection that could not be had, or broke. */
export class NetworkError extends BaseError<NetworkErrorCode> {
  constructor(code: NetworkErrorCode, message: string, cause?: unknown) {
    super(code, message, {
      retriable:
        code === "CONNECTION_REFUSED" ||
        code === "CONNECTION_RESET" ||
        code === "NETWORK_FAILED" ||
        code === "UNKNOWN_HOST",
      cause,
    });
  }
}
