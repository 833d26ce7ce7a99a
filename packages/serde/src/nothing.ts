import type { Serde } from "./serde.ts";

/**
 * Null, and nothing else: for keys or values that records are without (Kafka: `Serdes.Void`).
 *
 * @throws TypeError on anything else
 * @example builder.stream("pings", { key: nothing(), value: string() })
 */
export function nothing(): Serde<null> {
  return nothingSerde;
}

const nothingSerde: Serde<null> = Object.freeze({
  name: "nothing",
  isNullable: true,
  serialize: (value: never) => {
    throw new TypeError(`nothing() is for null alone, got ${typeof value}`);
  },
  deserialize: (view: Uint8Array): never => {
    throw new TypeError(`expected no bytes at all, got ${view.length}`);
  },
});
