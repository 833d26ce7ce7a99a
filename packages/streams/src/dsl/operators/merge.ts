import type { NamedOptions, StreamNode } from "../stream-node.ts";
import { passOn, statelessOperator, type SerdesGiven } from "./stateless-operator.ts";

/** `KStream.merge`. */
export function merge(
  left: StreamNode,
  right: StreamNode,
  { name, ...serdes }: NamedOptions & SerdesGiven = {},
): StreamNode {
  const merged = statelessOperator(left, {
    prefix: "KSTREAM-MERGE-",
    name,
    merges: right,
    process: passOn,
  });
  const needsRepartition = left.needsRepartition || right.needsRepartition;
  return { ...merged, keySerde: serdes.key, valueSerde: serdes.value, needsRepartition };
}
