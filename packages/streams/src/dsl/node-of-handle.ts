import { shown } from "@millrace/model";

import { TopologyError } from "../error/topology-error.ts";
import { placeInTopology } from "../plan/lower-plan.ts";
import type { Topology } from "../topology/topology.ts";
import { findStream } from "./planned-streams.ts";
import { PlannedTable } from "./planned-tables.ts";

/**
 * The node that passes on what a stream or a table carries; of a name, the node that is called that.
 *
 * @param given a `KStream`, a `KTable`, or the name of a node
 * @throws TopologyError `FOREIGN_STREAM`, `UNKNOWN_PROCESSOR`
 */
export function nodeOfHandle(topology: Topology, given: unknown, operation: string): string {
  if (typeof given === "string") return requireNode(topology, given, operation);
  const plan = (findStream(given) ?? PlannedTable.find(given))?.plan;
  const name = plan && placeInTopology(topology, plan);
  if (name !== undefined) return name;
  throw new TopologyError(
    "FOREIGN_STREAM",
    `${operation} was given ${plan === undefined ? shown(given) : "a stream that the topology does not have"}; give a stream or a table of the StreamsBuilder, made before build was called, or the name of a node`,
  );
}

function requireNode(topology: Topology, name: string, operation: string): string {
  const passing = topology
    .subtopologies("")
    .flatMap(({ nodes }) => nodes)
    .filter(({ kind }) => kind !== "sink");
  if (passing.some((node) => node.name === name)) return name;
  throw new TopologyError(
    "UNKNOWN_PROCESSOR",
    `${operation} was given ${shown(name)}; no node that passes records on is called that, these are: ${passing.map((node) => node.name).join(", ")}`,
  );
}
