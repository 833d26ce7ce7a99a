import type { NamedOptions, StreamNode, TableNode } from "../stream-node.ts";
import { passOn, statelessOperator } from "./stateless-operator.ts";

/** `KTable.toStream`. */
export function toStream(input: TableNode, { name }: NamedOptions = {}): StreamNode {
  const { recorder, plan, keySerde, valueSerde, sources } = input;
  return statelessOperator(
    { recorder, plan, keySerde, valueSerde, needsRepartition: false, sources },
    { prefix: "KTABLE-TOSTREAM-", name, forwardsNewRecords: true, process: passOn },
  );
}
