import type { Serde } from "@millrace/serde";

import { operatorPlan } from "../../plan/plan-node.ts";
import type { StreamPartitioner, TopicNameExtractor } from "../../topology/topology-node.ts";
import { requireSerde, type StreamNode } from "../stream-node.ts";

/** How records are written (Kafka: `Produced`). */
export interface SinkOptions<K = unknown, V = unknown> {
  /** Name of the sink in `describe()`. */
  readonly name?: string;
  /** Default: Kafka's hash of the key's bytes; records without a key take turns. */
  readonly partitioner?: StreamPartitioner<K, V>;
}

type Serdes = { readonly key?: Serde<unknown>; readonly value?: Serde<unknown> };

/**
 * Writes the stream to a topic (Kafka: `KStream.to`). A function chooses the topic record by record. The topics
 * must exist.
 *
 * @example orders.to("orders-checked")
 */
export function to(
  input: StreamNode,
  topic: string | TopicNameExtractor,
  options: SinkOptions & Serdes = {},
): void {
  const keySerde = requireSerde(options.key ?? input.keySerde, "key", "to");
  const valueSerde = requireSerde(options.value ?? input.valueSerde, "value", "to");
  const name = input.recorder.naming.nodeOr(options.name, "KSTREAM-SINK-");
  const { partitioner } = options;
  const plan = operatorPlan({
    name,
    lower: (topology, parents) =>
      topology.addSink({ name, topic, keySerde, valueSerde, partitioner, parents }),
  });
  input.recorder.add([input.plan], plan);
}
