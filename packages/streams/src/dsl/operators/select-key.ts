import { requireValue } from "../../processor/callback-result.ts";
import type { RecordInfo } from "../../processor/record-info.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";
import { statelessOperator, type SerdesGiven } from "./stateless-operator.ts";

export type KeySelector<K, V, K2> = (value: V, key: K, record: RecordInfo) => K2;

/** `KStream.selectKey`. */
export function selectKey(
  input: StreamNode,
  selector: KeySelector<unknown, unknown, unknown>,
  { name, ...serdes }: NamedOptions & SerdesGiven = {},
  operator = "selectKey",
): StreamNode {
  return statelessOperator(input, {
    prefix: "KSTREAM-KEY-SELECT-",
    name,
    serdes,
    changesKey: true,
    process: (record, context, info) => {
      const key = requireValue(selector(record.value, record.key, info), operator);
      context.forward(record.withKey(key));
    },
  });
}
