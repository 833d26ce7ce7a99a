import { operatorPlan } from "../../plan/plan-node.ts";
import type { NamedOptions, StreamNode, TableNode } from "../stream-node.ts";
import { PassThroughProcessor } from "./pass-through.ts";

/**
 * The changes of a table as a stream: each new value, null where a key was deleted (Kafka: `KTable.toStream`).
 *
 * @example counts.toStream().to("counts")
 */
export function toStream(input: TableNode, options: NamedOptions = {}): StreamNode {
  const { recorder, keySerde, valueSerde } = input;
  const name = recorder.naming.nodeOr(options.name, "KTABLE-TOSTREAM-");
  const supplier = (): PassThroughProcessor =>
    new PassThroughProcessor({ forwardsNewRecords: true });
  const plan = operatorPlan({
    name,
    lower: (topology, parents) => topology.addProcessor({ name, supplier, parents }),
  });
  recorder.add([input.plan], plan);
  return { recorder, plan, keySerde, valueSerde, needsRepartition: false };
}
