import type { NamedOptions, StreamNode } from "../stream-node.ts";
import { statelessOperator } from "./stateless-operator.ts";

export type KeySelector<K, V, K2> = (value: V, key: K) => K2;

/** `KStream.selectKey`. */
export function selectKey(
  input: StreamNode,
  selector: KeySelector<unknown, unknown, unknown>,
  { name }: NamedOptions = {},
): StreamNode {
  return statelessOperator(input, {
    prefix: "KSTREAM-KEY-SELECT-",
    name,
    changesKey: true,
    process: (record, context) =>
      context.forward(record.withKey(selector(record.value, record.key))),
  });
}
