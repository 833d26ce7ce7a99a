import { BaseError } from "@millrace/model";

export type ObservableErrorCode = "SUBSCRIBER_TOO_SLOW" | "SOURCE_TOO_FAST";

/** Where an Observable and what it is bridged to do not keep pace, and no policy says what is to be left out. */
export class ObservableError extends BaseError<ObservableErrorCode> {}
