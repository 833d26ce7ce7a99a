import { bytes, optional, type Serde } from "@millrace/serde";

/** Serde of keys and values that nobody named. */
export const rawSerde: Serde<Uint8Array | null> = optional(bytes());
