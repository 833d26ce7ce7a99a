import type { Serde } from "@millrace/serde";

import { checkName } from "../../plan/naming.ts";
import { requireSerde, type GroupedNode, type StreamNode } from "../stream-node.ts";
import { selectKey, type KeySelector } from "./select-key.ts";

/** How a stream is grouped (Kafka: `Grouped`). */
export interface GroupedOptions {
  /** Name of the repartition topic, and of the operator that selects the key. */
  readonly name?: string;
}

type Serdes = { readonly key?: Serde<unknown>; readonly value?: Serde<unknown> };

/**
 * Groups by the key that the records have (Kafka: `KStream.groupByKey`). Goes through a repartition topic only
 * where the key was changed.
 *
 * @example orders.groupByKey().count()
 */
export function groupByKey(input: StreamNode, options: GroupedOptions & Serdes = {}): GroupedNode {
  if (options.name !== undefined) checkName(options.name);
  return {
    recorder: input.recorder,
    plan: input.plan,
    keySerde: requireSerde(options.key ?? input.keySerde, "key", "groupByKey"),
    valueSerde: requireSerde(options.value ?? input.valueSerde, "value", "groupByKey"),
    needsRepartition: input.needsRepartition,
    sources: input.sources,
    name: options.name,
  };
}

/**
 * Groups by a new key, through a repartition topic (Kafka: `KStream.groupBy`).
 *
 * @example orders.groupBy((order) => order.customer, { key: string() }).count()
 */
export function groupBy(
  input: StreamNode,
  selector: KeySelector<unknown, unknown, unknown>,
  options: GroupedOptions & Serdes = {},
): GroupedNode {
  const keySerde = requireSerde(options.key, "key", "groupBy");
  const valueSerde = requireSerde(options.value ?? input.valueSerde, "value", "groupBy");
  const selected = selectKey(input, selector, options, "groupBy");
  return {
    recorder: input.recorder,
    plan: selected.plan,
    keySerde,
    valueSerde,
    needsRepartition: true,
    sources: input.sources,
    name: options.name,
  };
}
