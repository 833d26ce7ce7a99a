/** What every error of Millrace carries besides its message. */
export interface ErrorDetails {
  /** True if the same call may succeed later. */
  readonly retriable?: boolean;
  readonly cause?: unknown;
}

/**
 * Root of all errors thrown on purpose. One class per family, told apart by `code`, never by message.
 * Each code has a row in `docs/reference/errors.md`; the message says what happened and what to do.
 */
export abstract class BaseError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly retriable: boolean;

  constructor(code: Code, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.retriable = details.retriable ?? false;
    this.name = new.target.name;
  }
}
