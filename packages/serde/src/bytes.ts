import type { Serde } from "./serde.ts";

/**
 * Bytes as they are (Kafka: `Serdes.ByteArray`). What is decoded is a copy, so that it can be kept.
 *
 * @example bytes().deserialize(view, "topic")
 */
export function bytes(): Serde<Uint8Array> {
  return bytesSerde;
}

const bytesSerde: Serde<Uint8Array> = Object.freeze({
  name: "bytes",
  isNullable: false,
  isTotal: true,
  serialize: (value: Uint8Array) => {
    if (!(value instanceof Uint8Array)) throw new TypeError("expected a Uint8Array");
    return copyOf(value);
  },
  deserialize: copyOf,
  sizeOf: (value: Uint8Array) => value.length,
});

/** A plain `Uint8Array`, also of a Node `Buffer`, whose `slice` would share its memory. */
function copyOf(view: Uint8Array): Uint8Array {
  const copy = new Uint8Array(view.length);
  copy.set(view);
  return copy;
}
