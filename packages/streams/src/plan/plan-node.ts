import type { Serde } from "@millrace/serde";

import type { OffsetReset } from "../topology/offset-reset.ts";
import type { TopologyBuilder } from "../topology/topology-builder.ts";
import type { TableDemands } from "./table-demands.ts";

/** One step of a program as it was written: frozen, rewritten by passes, lowered to nodes of a topology. */
export type PlanNode = StreamSourcePlan | TableSourcePlan | OperatorPlan | RepartitionPlan;

interface Lowered {
  /** Name of the node that children name as their parent. */
  readonly name: string;
  /** What it asks of the tables above. Asked once, in the order of the program. */
  readonly demand?: (tables: TableDemands) => void;
  /** Writes the node, or the nodes, into the topology. */
  readonly lower: (
    topology: TopologyBuilder,
    parents: readonly string[],
    tables: TableDemands,
  ) => void;
}

export interface StreamSourcePlan extends Lowered {
  readonly kind: "streamSource";
  readonly topics: readonly string[];
  readonly pattern: RegExp | undefined;
  readonly offsetReset: OffsetReset | undefined;
}

export interface TableSourcePlan extends Lowered {
  readonly kind: "tableSource";
  /** The same table with its source topic as the changelog. */
  readonly reusingSourceTopic: () => TableSourcePlan;
}

export interface OperatorPlan extends Lowered {
  readonly kind: "operator";
  readonly changesKey: boolean;
  readonly changesValue: boolean;
  readonly isMerge: boolean;
  /** True: records without a key are of use to it. */
  readonly keepsNullKeys: boolean;
  /** Of a join of two streams: what becomes of it where both are one. */
  readonly selfJoin: SelfJoin | undefined;
  /** Of a computation in windows: how long after its end a window still changes. */
  readonly graceMs?: number | undefined;
}

export interface SelfJoin {
  /** Keeps the records of the right side: it is not needed then. */
  readonly otherWindowed: PlanNode;
  readonly onOneStore: OperatorPlan;
}

export interface RepartitionPlan extends Lowered {
  readonly kind: "repartition";
  /** Without the application's id. */
  readonly topic: string;
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
  /** False: as the user asked for it, and not to be merged with others. */
  readonly isOptimizable: boolean;
  /** The same, which lets records without a key through. */
  readonly keepingNullKeys: () => RepartitionPlan;
}

/** A frozen operator that changes neither key nor value, unless it says so. */
export function operatorPlan(
  plan: Lowered &
    Partial<
      Pick<
        OperatorPlan,
        "changesKey" | "changesValue" | "isMerge" | "keepsNullKeys" | "selfJoin" | "graceMs"
      >
    >,
): OperatorPlan {
  return Object.freeze({
    kind: "operator",
    changesKey: false,
    changesValue: false,
    isMerge: false,
    keepsNullKeys: false,
    selfJoin: undefined,
    ...plan,
  });
}
