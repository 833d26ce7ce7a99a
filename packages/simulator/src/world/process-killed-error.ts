import { BaseError } from "@millrace/model";

/**
 * Ends the code of a killed process where it stands: thrown by each synchronous call of its platform, while what
 * it awaits never settles. It may be caught on its way, but nothing that is done then reaches the world.
 */
export class ProcessKilledError extends BaseError<"PROCESS_KILLED"> {
  constructor(process: string) {
    super("PROCESS_KILLED", `process ${process} was killed in the simulation`);
  }
}
