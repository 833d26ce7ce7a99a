import { requireList, requireValue } from "../../processor/callback-result.ts";
import type { RecordInfo } from "../../processor/record-info.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";
import { statelessOperator, type SerdesGiven } from "./stateless-operator.ts";

export type FlatValueMapper<K, V, V2> = (value: V, key: K, record: RecordInfo) => Iterable<V2>;

/** `KStream.flatMapValues`. */
export function flatMapValues(
  input: StreamNode,
  mapper: FlatValueMapper<unknown, unknown, unknown>,
  { name, ...serdes }: NamedOptions & SerdesGiven = {},
): StreamNode {
  return statelessOperator(input, {
    prefix: "KSTREAM-FLATMAPVALUES-",
    name,
    serdes,
    changesValue: true,
    process: (record, context, info) => {
      for (const value of requireList(mapper(record.value, record.key, info), "flatMapValues"))
        context.forward(record.withValue(requireValue(value, "flatMapValues")));
    },
  });
}
