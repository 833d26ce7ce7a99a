import type { Serde } from "./serde.ts";
import { SerdeError } from "./serde-error.ts";

/**
 * Serialises, and says where if that fails.
 *
 * @throws SerdeError `SERIALIZATION_FAILED`
 */
export function serializeWith<T>(serde: Serde<T>, value: T & {}, topic: string): Uint8Array {
  try {
    return serde.serialize(value, topic);
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
    return serde.deserialize(bytes, topic);
  } catch (cause) {
    throw new SerdeError("DESERIALIZATION_FAILED", { topic, serde: serde.name, cause });
  }
}
