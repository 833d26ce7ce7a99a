import { BaseError } from "@millrace/model";

/** The command line is not one that `millrace` understands; the message says what it should be. */
export class UsageError extends BaseError<"USAGE"> {
  constructor(message: string) {
    super("USAGE", message);
  }
}
