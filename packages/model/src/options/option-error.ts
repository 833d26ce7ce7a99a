import { BaseError } from "../base-error.ts";

export type OptionErrorCode = "UNKNOWN_OPTION" | "INVALID_OPTION";

/** Options that an entry point does not take; the message names the option and what is allowed. */
export class OptionError extends BaseError<OptionErrorCode> {}
