import { BaseError, type ErrorDetails } from "@millrace/model";

export type SimulationErrorCode =
  /** An invariant does not hold: the message has the shortest history that shows it. */
  | "INVARIANT_VIOLATED"
  /** An invariant asks for a topic that the simulation does not have. */
  | "UNKNOWN_TOPIC"
  /** A topology was given that the simulation cannot run. */
  | "INVALID_ARGUMENT";

/** What `simulate` found, or was given. */
export class SimulationError extends BaseError<SimulationErrorCode> {
  /** That shows what was found: give it as `seeds: [seed]`. */
  readonly seed: number | undefined;
  /** Of `INVARIANT_VIOLATED`: its name. */
  readonly invariant: string | undefined;

  constructor(
    code: SimulationErrorCode,
    message: string,
    found: { readonly seed?: number; readonly invariant?: string } = {},
    details?: ErrorDetails,
  ) {
    super(code, message, details);
    this.seed = found.seed;
    this.invariant = found.invariant;
  }
}
