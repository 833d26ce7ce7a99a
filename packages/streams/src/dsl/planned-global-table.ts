import { shown } from "@millrace/model";

import { TopologyError } from "../error/topology-error.ts";
import type { PlanRecorder } from "../plan/plan.ts";
import type { GlobalTableNode } from "./stream-node.ts";
import type { GlobalKTable } from "./types/global-table.ts";

/** The global table that stands for a place in the plan; see `streamOf`. */
export function globalTableOf<K, V>(node: GlobalTableNode): GlobalKTable<K, V> {
  return new PlannedGlobalTable(node) as unknown as GlobalKTable<K, V>;
}

/** What stands behind a global table of the same builder; undefined for what is none. */
export function findGlobalTable(
  given: unknown,
  recorder: PlanRecorder,
  operator: string,
): GlobalTableNode | undefined {
  const node = PlannedGlobalTable.find(given);
  if (node === undefined || node.recorder === recorder) return node;
  throw new TopologyError(
    "FOREIGN_STREAM",
    `${operator} was given ${shown(given)}, a global table of another StreamsBuilder; give one of the same StreamsBuilder`,
  );
}

class PlannedGlobalTable implements Omit<GlobalKTable<unknown, unknown>, "carries"> {
  readonly kind = "globalTable";
  readonly #node: GlobalTableNode;

  constructor(node: GlobalTableNode) {
    this.#node = node;
  }

  static find(this: void, given: unknown): GlobalTableNode | undefined {
    return typeof given === "object" && given !== null && #node in given ? given.#node : undefined;
  }

  get storeName(): string | undefined {
    return this.#node.storeName;
  }
}
