import { requireValue } from "../../processor/callback-result.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";
import { statelessOperator } from "./stateless-operator.ts";

export type ValueMapper<K, V, V2> = (value: V, key: K) => V2;

/** `KStream.mapValues`. */
export function mapValues(
  input: StreamNode,
  mapper: ValueMapper<unknown, unknown, unknown>,
  { name }: NamedOptions = {},
): StreamNode {
  return statelessOperator(input, {
    prefix: "KSTREAM-MAPVALUES-",
    name,
    changesValue: true,
    process: (record, context) => {
      const value = requireValue(mapper(record.value, record.key), "mapValues");
      context.forward(record.withValue(value));
    },
  });
}
