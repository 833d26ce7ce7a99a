import { BaseError } from "@millrace/model";

export type VirtualTimeErrorCode = "STALLED" | "TOO_MANY_EVENTS" | "TIMED_OUT";

/** Virtual time could not do what was asked of it. */
export class VirtualTimeError extends BaseError<VirtualTimeErrorCode> {}
