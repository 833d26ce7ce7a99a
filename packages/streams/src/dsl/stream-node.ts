import type { Serde } from "@millrace/serde";

import { TopologyError } from "../error/topology-error.ts";
import type { PlanRecorder } from "../plan/plan.ts";
import type { PlanNode } from "../plan/plan-node.ts";
import type { TablePlan } from "../plan/table-plan.ts";

/** What stands behind a `KStream`: a place in the plan, and what is known of its records. Frozen. */
export interface StreamNode {
  readonly recorder: PlanRecorder;
  readonly plan: PlanNode;
  /** Undefined: lost. */
  readonly keySerde: Serde<unknown> | undefined;
  readonly valueSerde: Serde<unknown> | undefined;
  /** True: keys may have changed, so that equal ones need not be in one partition. */
  readonly needsRepartition: boolean;
  /** Source nodes whose partitions its records come from: joins need them to be partitioned alike. */
  readonly sources: readonly string[];
}

/** What stands behind a `KTable`. */
export interface TableNode {
  readonly recorder: PlanRecorder;
  readonly plan: PlanNode;
  readonly keySerde: Serde<unknown> | undefined;
  readonly valueSerde: Serde<unknown> | undefined;
  /** The store that the user named, for queries. */
  readonly storeName: string | undefined;
  readonly table: TablePlan;
  /** As a stream's. */
  readonly sources: readonly string[];
}

/** What stands behind a `GlobalKTable`. */
export interface GlobalTableNode {
  readonly recorder: PlanRecorder;
  /** Where each process keeps it. */
  readonly store: string;
  /** The same, where the user named it, for queries. */
  readonly storeName: string | undefined;
}

/** What stands behind a `KGroupedStream`. */
export interface GroupedNode {
  readonly recorder: PlanRecorder;
  readonly plan: PlanNode;
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
  readonly needsRepartition: boolean;
  readonly sources: readonly string[];
  /** The user's name for the repartition topic. */
  readonly name: string | undefined;
}

/** What stands behind a `KGroupedTable`. */
export interface GroupedTableNode {
  readonly recorder: PlanRecorder;
  /** The table that is grouped. */
  readonly table: TablePlan;
  /** Forwards changes under the new key. */
  readonly plan: PlanNode;
  readonly keySerde: Serde<unknown>;
  readonly valueSerde: Serde<unknown>;
  /** The user's name for the repartition topic. */
  readonly name: string | undefined;
}

export interface NamedOptions {
  /** Name of the operator in `describe()` (Kafka: `Named`); default: a generated one. */
  readonly name?: string;
}

/** How an operator that needs serdes is called. */
const calls = {
  asOfJoin: "asOfJoin(other, joiner, options)",
  deduplicate: "deduplicate(id, options)",
  flatMapValuesAsync: "flatMapValuesAsync(mapper, options)",
  foreachAsync: "foreachAsync(action, options)",
  groupBy: "groupBy(selector, options)",
  groupByKey: "groupByKey(options)",
  "join by foreign key": "the operator above, which made that table",
  join: "join(other, joiner, options)",
  leftJoin: "leftJoin(other, joiner, options)",
  outerJoin: "outerJoin(other, joiner, options)",
  mapValues: "mapValues(mapper, options)",
  transformValues: "transformValues(definition, options)",
  mapValuesAsync: "mapValuesAsync(mapper, options)",
  repartition: "repartition(options)",
  suppress: "the operator above suppress",
  to: "to(topic, options)",
  toTable: "toTable(options)",
};

/** A serde that is needed: the types should have asked for it already. */
export function requireSerde(
  serde: Serde<unknown> | undefined,
  part: keyof typeof plural,
  operator: keyof typeof calls,
): Serde<unknown> {
  if (serde !== undefined) return serde;
  throw new TopologyError(
    "MISSING_SERDE",
    `${operator} needs the option ${part}: ${plural[part]} that an operator above has made are of a type whose serde ` +
      `is not known. Give options with { ${part}: json(schema) }, or the like, to ${calls[operator]}`,
  );
}

const plural = {
  key: "keys",
  value: "values",
  input: "values that come in",
  left: "values of the left side",
  right: "values of the right side",
};
