import { isPromise, shown } from "@millrace/model";
import type { Serde, SerdePlace } from "./serde.ts";
import { isBytes, requireSynchronous, SerdeContractError } from "./serde-contract.ts";
import { notePending } from "./last-pending.ts";
import { SerdeError } from "./serde-error.ts";
import { SerdePendingError } from "./serde-pending-error.ts";

/**
 * Serialises, and says where if that fails.
 *
 * @throws SerdeError `SERIALIZATION_FAILED`, SerdePendingError, SerdeContractError
 */
export function serializeWith<T>(
  serde: Serde<T>,
  value: T & {},
  topic: string,
  place: SerdePlace,
): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = serde.serialize(value, topic, place);
  } catch (cause) {
    throw failure("SERIALIZATION_FAILED", { topic, serde: serde.name, cause });
  }
  if (isBytes(bytes)) return bytes;
  const giver = `serialize of the serde ${serde.name}`;
  requireSynchronous(bytes, giver);
  throw new SerdeContractError(
    "SERDE_GAVE_NO_BYTES",
    `${giver} gave ${shown(bytes)}; return a Uint8Array`,
  );
}

/**
 * How many bytes `serializeWith` would give; undefined: only serialising tells.
 *
 * @throws SerdeError `SERIALIZATION_FAILED`, SerdeContractError
 */
export function sizeWith<T>(serde: Serde<T>, value: T & {}, topic: string): number | undefined {
  if (serde.sizeOf === undefined) return undefined;
  let size: number;
  try {
    size = serde.sizeOf(value);
  } catch (cause) {
    throw failure("SERIALIZATION_FAILED", { topic, serde: serde.name, cause });
  }
  if (typeof size === "number") return size;
  throw new SerdeContractError(
    "SERDE_GAVE_NO_SIZE",
    `sizeOf of the serde ${serde.name} gave ${shown(size)}; return the number of bytes`,
  );
}

/**
 * Deserialises, and says where if that fails.
 *
 * @throws SerdeError `DESERIALIZATION_FAILED`, SerdePendingError, SerdeContractError
 */
export function deserializeWith<T>(
  serde: Serde<T>,
  bytes: Uint8Array,
  topic: string,
  place: SerdePlace,
): T & {} {
  let value: T & {};
  try {
    value = serde.deserialize(bytes, topic, place);
    if (value === undefined) throw new TypeError("deserialize gave undefined, no value");
  } catch (cause) {
    throw failure("DESERIALIZATION_FAILED", { topic, serde: serde.name, cause });
  }
  if (isPromise(value)) requireSynchronous(value, `deserialize of the serde ${serde.name}`);
  return value;
}

/** What a serde says of itself, and not of the value or the bytes, is passed on. */
export function failure(
  code: SerdeError["code"],
  where: { readonly topic: string; readonly serde: string; readonly cause: unknown },
): SerdeError | SerdeContractError | SerdePendingError {
  const { cause } = where;
  if (cause instanceof SerdePendingError) notePending(cause);
  const isOfSerde = cause instanceof SerdeContractError || cause instanceof SerdePendingError;
  return isOfSerde ? cause : new SerdeError(code, where);
}
