import { requireList, requireRecord } from "../../processor/callback-result.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";
import type { KeyValue } from "./map.ts";
import { statelessOperator } from "./stateless-operator.ts";

export type FlatMapper<K, V, K2, V2> = (value: V, key: K) => Iterable<KeyValue<K2, V2>>;

/** `KStream.flatMap`. */
export function flatMap(
  input: StreamNode,
  mapper: FlatMapper<unknown, unknown, unknown, unknown>,
  { name }: NamedOptions = {},
): StreamNode {
  return statelessOperator(input, {
    prefix: "KSTREAM-FLATMAP-",
    name,
    changesKey: true,
    changesValue: true,
    process: (record, context) => {
      for (const result of requireList(mapper(record.value, record.key), "flatMap")) {
        const { key, value } = requireRecord(result, "flatMap");
        context.forward(record.withKeyAndValue(key, value));
      }
    },
  });
}
