import type { Serde } from "@millrace/serde";

import { TopologyError } from "../error/topology-error.ts";
import type { PlanRecorder } from "../plan/plan.ts";
import type { PlanNode } from "../plan/plan-node.ts";

/** What stands behind a `KStream`: a place in the plan, and what is known of its records. Frozen. */
export interface StreamNode {
  readonly recorder: PlanRecorder;
  readonly plan: PlanNode;
  /** Undefined: lost. */
  readonly keySerde: Serde<unknown> | undefined;
  readonly valueSerde: Serde<unknown> | undefined;
  /** True: keys may have changed, so that equal ones need not be in one partition. */
  readonly needsRepartition: boolean;
}

/** What stands behind a `KTable`. */
export interface TableNode {
  readonly recorder: PlanRecorder;
  readonly plan: PlanNode;
  readonly keySerde: Serde<unknown> | undefined;
  readonly valueSerde: Serde<unknown> | undefined;
  /** The store that the user named, for queries. */
  readonly storeName: string | undefined;
}

/** What stands behind a `KGroupedStream`. */
export interface GroupedNode {
  readonly recorder: PlanRecorder;
  readonly plan: PlanNode;
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
  readonly needsRepartition: boolean;
  /** The user's name for the repartition topic. */
  readonly name: string | undefined;
}

export interface NamedOptions {
  /** Name of the operator in `describe()` (Kafka: `Named`); default: a generated one. */
  readonly name?: string;
}

/** A serde that is needed: the types should have asked for it already. */
export function requireSerde(
  serde: Serde<unknown> | undefined,
  part: "key" | "value",
  operator: string,
): Serde<unknown> {
  if (serde !== undefined) return serde;
  throw new TopologyError(
    "MISSING_SERDE",
    `${operator} needs the serde of the ${part}, which an operator above lost; give it as { ${part}: … }`,
  );
}
