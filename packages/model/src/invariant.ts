import { BaseError } from "./base-error.ts";

/** A law of Millrace did not hold: a bug of ours, never of the caller. */
export class InvariantError extends BaseError<"INVARIANT"> {
  /** Id of the law, such as `TASK-5`. */
  readonly law: string;
  readonly details: unknown;

  constructor(law: string, details?: unknown) {
    super(
      "INVARIANT",
      `invariant ${law} does not hold${details === undefined ? "" : `: ${describe(details)}`}. This is a bug in Millrace; please report it.`,
    );
    this.law = law;
    this.details = details;
  }
}

/** Throws unless the law holds. Stays on in production; pass only cheap details on hot paths. */
export function invariant(condition: boolean, law: string, details?: unknown): asserts condition {
  if (!condition) throw new InvariantError(law, details);
}

/** Closes an exhaustive switch: a compile error where a case is missing. */
export function unreachable(value: never, law: string): never {
  throw new InvariantError(law, value);
}

function describe(details: unknown): string {
  try {
    return JSON.stringify(details) ?? String(details);
  } catch {
    return String(details);
  }
}
