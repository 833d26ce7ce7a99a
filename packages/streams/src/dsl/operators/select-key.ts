import { requireValue } from "../../processor/callback-result.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";
import { statelessOperator } from "./stateless-operator.ts";

export type KeySelector<K, V, K2> = (value: V, key: K) => K2;

/** `KStream.selectKey`. */
export function selectKey(
  input: StreamNode,
  selector: KeySelector<unknown, unknown, unknown>,
  { name }: NamedOptions = {},
  operator = "selectKey",
): StreamNode {
  return statelessOperator(input, {
    prefix: "KSTREAM-KEY-SELECT-",
    name,
    changesKey: true,
    process: (record, context) => {
      const key = requireValue(selector(record.value, record.key), operator);
      context.forward(record.withKey(key));
    },
  });
}
