import { operatorPlan } from "../../plan/plan-node.ts";
import type { NamedOptions, StreamNode } from "../stream-node.ts";
import { PassThroughProcessor } from "./pass-through.ts";

/**
 * Both streams as one, in no particular order (Kafka: `KStream.merge`). Types unite; serdes are lost.
 *
 * @example web.merge(shop).to("orders", { key: string(), value: json(Order) })
 */
export function merge(left: StreamNode, right: StreamNode, options: NamedOptions = {}): StreamNode {
  const name = left.recorder.naming.nodeOr(options.name, "KSTREAM-MERGE-");
  const supplier = (): PassThroughProcessor => new PassThroughProcessor();
  const plan = operatorPlan({
    name,
    isMerge: true,
    lower: (topology, parents) => topology.addProcessor({ name, supplier, parents }),
  });
  left.recorder.add([left.plan, right.plan], plan);
  return {
    recorder: left.recorder,
    plan,
    keySerde: undefined,
    valueSerde: undefined,
    needsRepartition: left.needsRepartition || right.needsRepartition,
  };
}
