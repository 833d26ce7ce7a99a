import { requireList, requireValue } from "../../processor/callback-result.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";
import { statelessOperator } from "./stateless-operator.ts";

export type FlatValueMapper<K, V, V2> = (value: V, key: K) => Iterable<V2>;

/** `KStream.flatMapValues`. */
export function flatMapValues(
  input: StreamNode,
  mapper: FlatValueMapper<unknown, unknown, unknown>,
  { name }: NamedOptions = {},
): StreamNode {
  return statelessOperator(input, {
    prefix: "KSTREAM-FLATMAPVALUES-",
    name,
    changesValue: true,
    process: (record, context) => {
      for (const value of requireList(mapper(record.value, record.key), "flatMapValues"))
        context.forward(record.withValue(requireValue(value, "flatMapValues")));
    },
  });
}
