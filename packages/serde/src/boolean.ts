import type { Serde } from "./serde.ts";

/**
 * True and false, a byte (Kafka: `Serdes.Boolean`).
 *
 * @throws TypeError on what is neither; RangeError on bytes that are neither
 * @example builder.stream("switches", { key: string(), value: boolean() })
 */
export function boolean(): Serde<boolean> {
  return booleanSerde;
}

const booleanSerde: Serde<boolean> = Object.freeze({
  name: "boolean",
  isNullable: false,
  serialize: (value: boolean) => {
    requireBoolean(value);
    return Uint8Array.of(value ? 1 : 0);
  },
  deserialize: (view: Uint8Array) => {
    if (view.length !== 1 || view[0] > 1)
      throw new RangeError(
        `expected one byte, 0 or 1, got ${view.length === 1 ? view[0] : `${view.length} bytes`}`,
      );
    return view[0] === 1;
  },
  sizeOf: (value: boolean) => {
    requireBoolean(value);
    return 1;
  },
});

function requireBoolean(value: unknown): void {
  if (typeof value !== "boolean")
    throw new TypeError(`expected true or false, got ${typeof value}`);
}
