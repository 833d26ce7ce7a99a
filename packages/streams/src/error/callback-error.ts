import { BaseError } from "@millrace/model";

export type CallbackErrorCode =
  | "CALLBACK_GAVE_PROMISE"
  | "CALLBACK_GAVE_NO_PROMISE"
  | "CALLBACK_GAVE_UNDEFINED"
  | "CALLBACK_GAVE_NO_LIST"
  | "CALLBACK_GAVE_NO_RECORD"
  | "CALLBACK_GAVE_NO_TIMESTAMP"
  | "CALLBACK_GAVE_NO_TOPIC"
  | "CALLBACK_GAVE_NO_RESPONSE"
  | "CALLBACK_GAVE_NO_WINDOW"
  | "CALLBACK_GAVE_NO_PARTITION"
  | "CALLBACK_GAVE_NO_SCORE";

/** A callback gave what its operator cannot use: a mistake in the program, told where the result comes in. */
export class CallbackError extends BaseError<CallbackErrorCode> {
  /** Such as `mapValues`. */
  readonly operator: string;

  constructor(code: CallbackErrorCode, operator: string, advice: string) {
    super(code, `the callback of ${operator} gave ${advice}`);
    this.operator = operator;
  }
}
