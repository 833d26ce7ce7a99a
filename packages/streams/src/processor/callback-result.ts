import { isPromise, isTopicName, shown, topicNameAllowed, type Timestamp } from "@millrace/model";

import { CallbackError } from "../error/callback-error.ts";

// What callbacks give is checked where it comes in. Types say all of this already; programs in JavaScript, and casts,
// do not listen to them.

/** @throws CallbackError for a promise: operators are synchronous, and would take it for the value. */
export function requireSynchronous<T>(result: T, operator: string): T {
  if (isPromise(result)) throw promiseRefused(result, operator);
  return result;
}

/** @throws CallbackError for a promise, and for undefined, which is no value; null is one. */
export function requireValue<T>(result: T, operator: string): T {
  if (result === undefined)
    throw new CallbackError(
      "CALLBACK_GAVE_UNDEFINED",
      operator,
      "undefined; return a value, or null where there is none",
    );
  return requireSynchronous(result, operator);
}

/** @throws CallbackError for all that is no list of results; a string is one value. */
export function requireList<T extends Iterable<unknown>>(result: T, operator: string): T {
  requireValue(result, operator);
  if (
    typeof result !== "object" ||
    result === null ||
    typeof result[Symbol.iterator] !== "function"
  )
    throw new CallbackError(
      "CALLBACK_GAVE_NO_LIST",
      operator,
      `${kindOf(result)}; return an array or another iterable of results, an empty one where there are none`,
    );
  return result;
}

/** @throws CallbackError for all that is not `{ key, value }` */
export function requireRecord<T extends { readonly key: unknown; readonly value: unknown }>(
  result: T,
  operator: string,
): T {
  requireValue(result, operator);
  const isObject = typeof result === "object" && result !== null;
  if (!isObject || Array.isArray(result) || !("key" in result || "value" in result))
    throw new CallbackError(
      "CALLBACK_GAVE_NO_RECORD",
      operator,
      `${kindOf(result)}; return { key, value }`,
    );
  requireValue(result.key, operator);
  requireValue(result.value, operator);
  return result;
}

/** @throws CallbackError for what no topic can be called */
export function requireTopicName(result: string, operator: string): string {
  if (isTopicName(result)) return result;
  requireValue(result, operator);
  throw new CallbackError(
    "CALLBACK_GAVE_NO_TOPIC",
    operator,
    `${shown(result)}; return ${topicNameAllowed}`,
  );
}

/** @throws CallbackError for what is no time in whole milliseconds; negative ones are the caller's to judge. */
export function requireTimestamp(result: Timestamp, operator: string): Timestamp {
  // Plus 0: there is no -0 in whole milliseconds.
  if (Number.isSafeInteger(result)) return result + 0;
  requireValue(result, operator);
  throw new CallbackError(
    "CALLBACK_GAVE_NO_TIMESTAMP",
    operator,
    `${String(result)}; return whole milliseconds since 1970, such as date.getTime()`,
  );
}

/** @throws CallbackError for what is no number of a partition; whether there is one of that number is not known here. */
export function requirePartition(result: unknown): number {
  if (typeof result === "number" && Number.isSafeInteger(result) && result >= 0) return result;
  throw new CallbackError(
    "CALLBACK_GAVE_NO_PARTITION",
    "the partitioner",
    `${shown(result)} for a partition; return its number, from 0, a list of such numbers, or undefined for the default`,
  );
}

/** @throws CallbackError for the time of a record to forward, where that is none in whole milliseconds */
export function requireForwardedTime(timestamp: Timestamp, operator: string): void {
  if (Number.isSafeInteger(timestamp)) return;
  throw new CallbackError(
    "CALLBACK_GAVE_NO_TIMESTAMP",
    operator,
    `a record to forward whose time is ${String(timestamp)}; give it one in whole milliseconds since 1970`,
  );
}

/** @throws CallbackError for all but the words that are allowed */
export function requireOneOf<T extends string>(
  result: T,
  allowed: readonly T[],
  operator: string,
): T {
  if (allowed.includes(result)) return result;
  const advice = `return ${allowed.map((word) => `"${word}"`).join(" or ")}`;
  if (isPromise(result)) throw promiseRefused(result, operator, advice);
  throw new CallbackError("CALLBACK_GAVE_NO_RESPONSE", operator, `${String(result)}; ${advice}`);
}

/** The promise is nobody's from now on: what it may reject with later is told by this error. */
function promiseRefused(
  promise: PromiseLike<unknown>,
  operator: string,
  advice = "operators are synchronous: await before the record is written to its topic, or return the value itself",
): CallbackError {
  promise.then(undefined, () => {});
  return new CallbackError("CALLBACK_GAVE_PROMISE", operator, `a promise; ${advice}`);
}

function kindOf(result: unknown): string {
  if (typeof result !== "object" || result === null)
    return result === null ? "null" : `a ${typeof result}`;
  return Array.isArray(result)
    ? "an array"
    : `an object with ${Object.keys(result).join(", ") || "nothing in it"}`;
}
