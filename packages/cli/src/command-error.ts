import { BaseError } from "@millrace/model";

/** A command could not do what it was asked; the message says why. */
export class CommandError extends BaseError<"COMMAND_FAILED"> {
  constructor(message: string) {
    super("COMMAND_FAILED", message);
  }
}
