import { inPlace } from "./in-place.ts";
import type { Serde } from "./serde.ts";

/**
 * Bytes as they are (Kafka: `Serdes.ByteArray`, `Bytes` and `ByteBuffer`). What is decoded is a copy, so that it can be kept.
 *
 * @example bytes().deserialize(view, "topic")
 */
export function bytes<Memory extends ArrayBufferLike = ArrayBufferLike>(): Serde<
  Uint8Array<Memory>
> {
  // What is decoded is of an ArrayBuffer; the others are for what is written.
  return bytesSerde as Serde<Uint8Array<Memory>>;
}

const bytesSerde: Serde<Uint8Array> = inPlace(
  {
    name: "bytes",
    isNullable: false,
    isTotal: true,
    serialize: (value: Uint8Array) => {
      requireBytes(value);
      return copyOf(value);
    },
    deserialize: copyOf,
    sizeOf: (value: Uint8Array) => value.length,
  },
  {
    sizeMax: (value: Uint8Array) => {
      requireBytes(value);
      return value.length;
    },
    writeTo: (value: Uint8Array, target: Uint8Array, at: number) => {
      target.set(value, at);
      return at + value.length;
    },
  },
);

function requireBytes(value: unknown): void {
  if (!(value instanceof Uint8Array)) throw new TypeError("expected a Uint8Array");
}

/** A plain `Uint8Array`, also of a Node `Buffer`, whose `slice` would share its memory. */
function copyOf(view: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(view.length);
  copy.set(view);
  return copy;
}
