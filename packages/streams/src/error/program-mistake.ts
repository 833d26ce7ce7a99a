import { SerdeContractError } from "@millrace/serde";

import { CallbackError } from "./callback-error.ts";
import { StreamsError } from "./streams-error.ts";

/**
 * True for what no other record would escape: asynchronous callbacks, and synchronous ones where one is awaited, serdes that are none. To go on without the record
 * would be to go on without all of them, so no policy is asked.
 */
export function isProgramMistake(thrown: unknown): boolean {
  if (thrown instanceof StreamsError) return isProgramMistake(thrown.cause);
  if (thrown instanceof CallbackError)
    return thrown.code === "CALLBACK_GAVE_PROMISE" || thrown.code === "CALLBACK_GAVE_NO_PROMISE";
  return thrown instanceof SerdeContractError;
}
