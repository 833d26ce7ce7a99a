import type { Serde } from "@millrace/serde";

import { checkName } from "../../plan/naming.ts";
import { repartitionPlan } from "../../plan/repartition-plan.ts";
import type { StreamPartitioner } from "../../topology/topology-node.ts";
import { requireSerde, type NamedOptions, type StreamNode } from "../stream-node.ts";
import type { SerdesGiven } from "./stateless-operator.ts";

export interface RepartitionNodeOptions extends NamedOptions, SerdesGiven {
  readonly partitions?: number;
  readonly partitioner?: StreamPartitioner;
}

/** `KStream.repartition`. */
export function repartition(input: StreamNode, options: RepartitionNodeOptions = {}): StreamNode {
  const { recorder } = input;
  const keySerde = requireSerde(options.key ?? input.keySerde, "key", "repartition");
  const valueSerde = requireSerde(options.value ?? input.valueSerde, "value", "repartition");
  if (options.name !== undefined) checkName(options.name);
  const prefix = options.name ?? recorder.naming.node("KSTREAM-REPARTITION-");
  const plan = repartitionPlan(recorder.naming, {
    prefix,
    isNamedByUser: options.name !== undefined,
    keySerde,
    valueSerde,
    isOptimizable: false,
    partitionCount: options.partitions,
    partitioner: options.partitioner,
  });
  recorder.add([input.plan], plan);
  return { recorder, plan, keySerde, valueSerde, needsRepartition: false, sources: [plan.name] };
}

/** The stream itself, or the far end of a repartition topic where its keys may have changed. */
export function repartitionedIfNeeded(
  input: StreamNode,
  options: {
    readonly prefix: string;
    readonly isNamedByUser: boolean;
    readonly keySerde: Serde<unknown>;
    readonly valueSerde: Serde<unknown>;
  },
): StreamNode {
  if (!input.needsRepartition) return input;
  const plan = repartitionPlan(input.recorder.naming, options);
  input.recorder.add([input.plan], plan);
  return { ...input, plan, needsRepartition: false, sources: [plan.name] };
}

/**
 * The stream as a join takes it (Kafka: `repartitionForJoin`). Joins of one stream share its repartition topic where
 * they have no names.
 */
export function repartitionedForJoin(
  input: StreamNode,
  operator: "join" | "leftJoin" | "outerJoin" | "asOfJoin",
  options: NamedOptions & { readonly key?: Serde<unknown>; readonly left?: Serde<unknown> },
): StreamNode {
  const { recorder } = input;
  if (!input.needsRepartition) return input;
  const keySerde = requireSerde(options.key ?? input.keySerde, "key", operator);
  const valueSerde = requireSerde(options.left ?? input.valueSerde, "left", operator);
  const isNamedByUser = options.name !== undefined;
  const prefix = options.name ?? input.plan.name;
  const made = repartitionPlan(recorder.naming, { prefix, isNamedByUser, keySerde, valueSerde });
  const plan = recorder.sharedRepartition(input, made, isNamedByUser);
  if (plan === made) recorder.add([input.plan], plan);
  return { recorder, plan, keySerde, valueSerde, needsRepartition: false, sources: [made.name] };
}
