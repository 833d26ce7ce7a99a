import type { DecodedFields, Fields, GivenFields } from "./field.ts";

/**
 * Versions of a message, both inclusive, and the first one that has compact lengths and tag
 * buffers.
 */
export interface MessageVersions {
  readonly min: number;
  readonly max: number;
  /** Absent: no version is flexible. */
  readonly flexibleSince?: number;
}

/** A message of the protocol, or a record of an internal topic, as a value. */
export interface Message<F extends Fields = Fields> {
  /** Kafka's name, such as `ProduceRequest`. */
  readonly name: string;
  readonly versions: MessageVersions;
  readonly fields: F;
}

/** What decoding a message gives. */
export type Decoded<M extends Message> = DecodedFields<M["fields"]>;

/** What encoding a message takes. */
export type Given<M extends Message> = GivenFields<M["fields"]>;

export function message<const F extends Fields>(
  name: string,
  versions: MessageVersions,
  fields: F,
): Message<F> {
  return Object.freeze({ name, versions, fields });
}
