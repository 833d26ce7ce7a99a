import { isPromise, shown } from "@millrace/model";
import type { Serde } from "./serde.ts";
import { isBytes, requireSynchronous, SerdeContractError } from "./serde-contract.ts";
import { SerdeError } from "./serde-error.ts";

/**
 * Serialises, and says where if that fails.
 *
 * @throws SerdeError `SERIALIZATION_FAILED`, SerdeContractError
 */
export function serializeWith<T>(serde: Serde<T>, value: T & {}, topic: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = serde.serialize(value, topic);
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
 * @throws SerdeError `DESERIALIZATION_FAILED`, SerdeContractError
 */
export function deserializeWith<T>(serde: Serde<T>, bytes: Uint8Array, topic: string): T & {} {
  let value: T & {};
  try {
    value = serde.deserialize(bytes, topic);
    if (value === undefined) throw new TypeError("deserialize gave undefined, no value");
  } catch (cause) {
    throw failure("DESERIALIZATION_FAILED", { topic, serde: serde.name, cause });
  }
  if (isPromise(value)) requireSynchronous(value, `deserialize of the serde ${serde.name}`);
  return value;
}

/** What a serde says of itself is passed on: no other record would fare better. */
function failure(
  code: SerdeError["code"],
  where: { readonly topic: string; readonly serde: string; readonly cause: unknown },
): SerdeError | SerdeContractError {
  const { cause } = where;
  return cause instanceof SerdeContractError ? cause : new SerdeError(code, where);
}
