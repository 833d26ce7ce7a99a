import { shown } from "@millrace/model";

import { CallbackError } from "../error/callback-error.ts";
import { requireForwardedTime, requireValue } from "./callback-result.ts";
import { StreamRecord } from "./stream-record.ts";

/**
 * What a processor of a user's may forward: a record with a time, of which nothing is undefined.
 *
 * @param operator whose it is
 * @throws CallbackError
 */
export function requireForwardable(given: unknown, operator: string): StreamRecord {
  if (!(given instanceof StreamRecord))
    throw new CallbackError(
      "CALLBACK_GAVE_NO_RECORD",
      operator,
      `${shown(given)} to forward; forward a StreamRecord, such as record.withValue(…) or new StreamRecord(key, value, timestamp)`,
    );
  // Of what is null without being decoded.
  if (given.hasNullKey) requireValue(given.key, operator);
  if (given.hasNullValue) requireValue(given.value, operator);
  requireForwardedTime(given.timestamp, operator);
  if (given.timestamp >= 0) return given;
  throw new CallbackError(
    "CALLBACK_GAVE_NO_TIMESTAMP",
    operator,
    `a record to forward whose time is ${given.timestamp}; give it one in milliseconds since 1970, not negative`,
  );
}
