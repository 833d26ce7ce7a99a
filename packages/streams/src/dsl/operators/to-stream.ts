import { selectKey } from "./select-key.ts";
import type { NamedOptions, StreamNode, TableNode } from "../stream-node.ts";
import { passOn, statelessOperator } from "./stateless-operator.ts";

type KeyMapper = (value: unknown, key: unknown) => unknown;

/** `KTable.toStream(mapper)`. */
export function toStreamBy(
  input: TableNode,
  mapper: KeyMapper,
  options: NamedOptions = {},
): StreamNode {
  return selectKey(toStream(input, options), mapper, {}, "toStream");
}

/** `KTable.toStream`. */
export function toStream(input: TableNode, { name }: NamedOptions = {}): StreamNode {
  const { recorder, plan, keySerde, valueSerde, sources } = input;
  return statelessOperator(
    { recorder, plan, keySerde, valueSerde, needsRepartition: false, sources },
    { prefix: "KTABLE-TOSTREAM-", name, forwardsNewRecords: true, process: passOn },
  );
}
