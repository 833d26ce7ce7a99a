import { BaseError, isPromise, isSynchronousFunction, shown } from "@millrace/model";

export type SerdeContractErrorCode =
  /** What stands for a serde is none, or is asynchronous. */
  | "INVALID_SERDE"
  /** What stands for a schema is none, is asynchronous, or answers what is no result. */
  | "INVALID_SCHEMA"
  | "SERDE_GAVE_PROMISE"
  | "SERDE_GAVE_NO_BYTES"
  | "SERDE_GAVE_NO_SIZE";

/**
 * A serde does not do what every serde must: a mistake of the program, about which no policy for single records is
 * asked.
 */
export class SerdeContractError extends BaseError<SerdeContractErrorCode> {}

/** What options take for a key or value, for `valueOption`. */
export const serdeKind = {
  allowed: "a serde, such as string() or json(schema), whose functions are synchronous",
  accepts: (given: unknown): boolean =>
    typeof given === "object" &&
    given !== null &&
    "serialize" in given &&
    isSynchronousFunction(given.serialize) &&
    "deserialize" in given &&
    isSynchronousFunction(given.deserialize),
};

/** @throws SerdeContractError `INVALID_SERDE` */
export function requireSerde(given: unknown, taker: string): void {
  if (serdeKind.accepts(given)) return;
  throw new SerdeContractError(
    "INVALID_SERDE",
    `${taker} was given ${shown(given)}; give ${serdeKind.allowed}`,
  );
}

/** Only what fails is looked at twice: a Uint8Array of another realm is no instance of ours. */
export function isBytes(given: unknown): boolean {
  return (
    given instanceof Uint8Array ||
    (ArrayBuffer.isView(given) && Object.prototype.toString.call(given) === "[object Uint8Array]")
  );
}

/** @throws SerdeContractError for a promise, which would be taken for the value */
export function requireSynchronous(result: unknown, giver: string): void {
  if (!isPromise(result)) return;
  // It is nobody's from now on: what it may reject with later is told by this error.
  result.then(undefined, () => {});
  throw new SerdeContractError(
    "SERDE_GAVE_PROMISE",
    `${giver} gave a promise; serdes are synchronous: await before the record is written to its topic`,
  );
}
