import { requireValue } from "../../processor/callback-result.ts";
import type { RecordInfo } from "../../processor/record-info.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";
import { statelessOperator, type SerdesGiven } from "./stateless-operator.ts";

export type ValueMapper<K, V, V2> = (value: V, key: K, record: RecordInfo) => V2;

/** `KStream.mapValues`. */
export function mapValues(
  input: StreamNode,
  mapper: ValueMapper<unknown, unknown, unknown>,
  { name, ...serdes }: NamedOptions & SerdesGiven = {},
): StreamNode {
  return statelessOperator(input, {
    prefix: "KSTREAM-MAPVALUES-",
    name,
    serdes,
    changesValue: true,
    process: (record, context, info) => {
      const value = requireValue(mapper(record.value, record.key, info), "mapValues");
      context.forward(record.withValue(value));
    },
  });
}
