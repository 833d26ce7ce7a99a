import type { NamedOptions, StreamNode } from "../stream-node.ts";
import { passOn, statelessOperator } from "./stateless-operator.ts";

/** `KStream.merge`. */
export function merge(
  left: StreamNode,
  right: StreamNode,
  { name }: NamedOptions = {},
): StreamNode {
  const merged = statelessOperator(left, {
    prefix: "KSTREAM-MERGE-",
    name,
    merges: right,
    process: passOn,
  });
  const needsRepartition = left.needsRepartition || right.needsRepartition;
  return { ...merged, keySerde: undefined, valueSerde: undefined, needsRepartition };
}
