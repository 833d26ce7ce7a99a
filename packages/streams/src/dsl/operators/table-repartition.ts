import type { Serde } from "@millrace/serde";

import { operatorPlan, type OperatorPlan } from "../../plan/plan-node.ts";

export interface TableRepartition {
  /** Without the application's id. */
  readonly topic: string;
  readonly sink: string;
  readonly source: string;
  readonly keySerde: Serde<unknown>;
  /** Of changes. */
  readonly valueSerde: Serde<unknown>;
}

/** The changes of a table go through a topic of the application's own (Kafka: `GroupedTableOperationRepartitionNode`). */
export function tableRepartition({
  topic,
  sink,
  source,
  keySerde,
  valueSerde,
}: TableRepartition): OperatorPlan {
  return operatorPlan({
    name: source,
    lower: (topology, parents) => {
      topology.addInternalTopic(topic, undefined);
      topology.addSink({
        name: sink,
        topic,
        keySerde,
        valueSerde,
        partitioner: undefined,
        parents,
      });
      topology.addSource({
        name: source,
        topics: [topic],
        pattern: undefined,
        keySerde,
        valueSerde,
        timestampExtractor: undefined,
        dropsNulls: false,
        offsetReset: undefined,
      });
    },
  });
}
