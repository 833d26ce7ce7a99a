import { isPromise } from "@millrace/model";
import type { Serde } from "./serde.ts";
import { SerdeError } from "./serde-error.ts";

/**
 * Serialises, and says where if that fails.
 *
 * @throws SerdeError `SERIALIZATION_FAILED`
 */
export function serializeWith<T>(serde: Serde<T>, value: T & {}, topic: string): Uint8Array {
  try {
    const bytes = serde.serialize(value, topic);
    if (!ArrayBuffer.isView(bytes))
      throw new TypeError(`serialize gave ${kindOf(bytes)}, no bytes`);
    return bytes;
  } catch (cause) {
    throw new SerdeError("SERIALIZATION_FAILED", { topic, serde: serde.name, cause });
  }
}

/**
 * How many bytes `serializeWith` would give; undefined: only serialising tells.
 *
 * @throws SerdeError `SERIALIZATION_FAILED`
 */
export function sizeWith<T>(serde: Serde<T>, value: T & {}, topic: string): number | undefined {
  if (serde.sizeOf === undefined) return undefined;
  try {
    return serde.sizeOf(value);
  } catch (cause) {
    throw new SerdeError("SERIALIZATION_FAILED", { topic, serde: serde.name, cause });
  }
}

/**
 * Deserialises, and says where if that fails.
 *
 * @throws SerdeError `DESERIALIZATION_FAILED`
 */
export function deserializeWith<T>(serde: Serde<T>, bytes: Uint8Array, topic: string): T & {} {
  try {
    const value = serde.deserialize(bytes, topic);
    // Serdes are synchronous: a promise would be taken for the value.
    if (value === undefined || isPromise(value))
      throw new TypeError(`deserialize gave ${kindOf(value)}, no value`);
    return value;
  } catch (cause) {
    throw new SerdeError("DESERIALIZATION_FAILED", { topic, serde: serde.name, cause });
  }
}

function kindOf(result: unknown): string {
  if (!isPromise(result)) return result === null ? "null" : `a ${typeof result}`;
  // What it may reject with later is told by the error that this is for.
  result.then(undefined, () => {});
  return "a promise";
}
