import { composedOf } from "./composed-of.ts";
import { requireSerde } from "./serde-contract.ts";
import type { Serde, SerdePlace } from "./serde.ts";

/** A key in a window that records fill, and no time: the how many-th of the key, from 0. No counterpart in Kafka Streams. */
export interface Counted<K> {
  readonly key: K;
  readonly index: number;
}

/**
 * Keys in windows of `countWindows`: the key's bytes ++ index (8). No counterpart in Kafka Streams.
 *
 * @throws SerdeContractError `INVALID_SERDE`
 * @example builder.stream("per-hundred", { key: counted(string()), value: double() })
 */
export function counted<K>(key: Serde<K>): Serde<Counted<K & {}>> {
  requireSerde(key, "counted");
  return Object.freeze({
    name: `counted ${key.name}`,
    isNullable: false,
    ...composedOf(key),
    serialize: ({ key: own, index }: Counted<K & {}>, topic: string, place?: SerdePlace) => {
      const ownBytes = key.serialize(own, topic, place);
      const bytes = new Uint8Array(ownBytes.length + 8);
      bytes.set(ownBytes);
      new DataView(bytes.buffer).setBigInt64(ownBytes.length, BigInt(index));
      return bytes;
    },
    deserialize: (bytes: Uint8Array, topic: string, place?: SerdePlace) => {
      const end = bytes.length - 8;
      if (end < 0) throw new RangeError(`${bytes.length} bytes are too few for a counted key`);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const index = Number(view.getBigInt64(end));
      return { key: key.deserialize(bytes.subarray(0, end), topic, place) as K & {}, index };
    },
    partitionedBy: (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 8),
  });
}
