import { BaseError } from "@millrace/model";

/** The embedded broker did not start; `reason` is the broker's own code, such as `ADDRESS_IN_USE`. */
export class EmbeddedClusterError extends BaseError<"BROKER_NOT_STARTED"> {
  readonly reason: string;

  constructor(code: "BROKER_NOT_STARTED", reason: string, message: string) {
    super(code, `the embedded broker did not start (${reason}): ${message}`);
    this.reason = reason;
  }
}
