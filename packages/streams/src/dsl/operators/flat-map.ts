import { requireList, requireRecord } from "../../processor/callback-result.ts";
import type { RecordInfo } from "../../processor/record-info.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";
import type { KeyValue } from "./map.ts";
import { statelessOperator, type SerdesGiven } from "./stateless-operator.ts";

export type FlatMapper<K, V, K2, V2> = (
  value: V,
  key: K,
  record: RecordInfo,
) => Iterable<KeyValue<K2, V2>>;

/** `KStream.flatMap`. */
export function flatMap(
  input: StreamNode,
  mapper: FlatMapper<unknown, unknown, unknown, unknown>,
  { name, ...serdes }: NamedOptions & SerdesGiven = {},
): StreamNode {
  return statelessOperator(input, {
    prefix: "KSTREAM-FLATMAP-",
    name,
    serdes,
    changesKey: true,
    changesValue: true,
    process: (record, context, info) => {
      for (const result of requireList(mapper(record.value, record.key, info), "flatMap")) {
        const { key, value } = requireRecord(result, "flatMap");
        context.forward(record.withKeyAndValue(key, value));
      }
    },
  });
}
