import { shown } from "@millrace/model";
import type { StoreEngineKind } from "@millrace/state";

import { TopologyConfigError, TopologyError } from "../error/topology-error.ts";
import { TopologyBuilder } from "../topology/topology-builder.ts";
import { Topology } from "../topology/topology.ts";
import { joinOnOneStore } from "./passes/join-on-one-store.ts";
import { keepNullKeys } from "./passes/keep-null-keys.ts";
import { mergeDuplicateSources } from "./passes/merge-duplicate-sources.ts";
import { mergeRepartitionTopics } from "./passes/merge-repartition-topics.ts";
import { reuseSourceTopics } from "./passes/reuse-source-topics.ts";
import type { Plan } from "./plan.ts";
import { PlanGraph, type PlanVertex } from "./plan-graph.ts";
import type { PlanNode } from "./plan-node.ts";
import { TableDemands } from "./table-demands.ts";

/** What may be optimised (Kafka: `topology.optimization`). All is off unless asked for, as in Kafka. */
export type TopologyOptimization =
  | "reuse.ktable.source.topics"
  | "merge.repartition.topics"
  | "single.store.self.join";

const optimizations: readonly TopologyOptimization[] = [
  "reuse.ktable.source.topics",
  "merge.repartition.topics",
  "single.store.self.join",
];

export const storeFormats = ["default", "headers"] as const;

/** How the stores of the DSL lie on disk (Kafka: `dsl.store.format`). */
export type StoreFormat = (typeof storeFormats)[number];

export interface PlanOptions {
  /** `all`, `none` (the default), or a list. Change it with care: it changes internal topics. */
  readonly optimize?: "all" | "none" | readonly TopologyOptimization[];
  /**
   * True: refuse stores and internal topics whose names were generated (Kafka:
   * `ensure.explicit.internal.resource.naming`).
   */
  readonly requireExplicitNames?: boolean;
  /** Of stores that do not say it themselves (Kafka: `dsl.store.suppliers.class`). Default `rocksdb`. */
  readonly storeEngine?: StoreEngineKind;
  /**
   * `headers`: stores of tables in RocksDB, and those of joins, have room for headers, and the deletions in their changelogs
   * have those of their records (Kafka: `dsl.store.format`). Stores that had another format are restored anew. Default
   * `default`.
   */
  readonly storeFormat?: StoreFormat;
}

/** Of each topology, the nodes by what they were in the program. */
const placesOf = new WeakMap<Topology, ReadonlyMap<PlanNode, string>>();

/** The node of the topology that does what a step of the program says; undefined: there is none, or of another program. */
export function placeInTopology(topology: Topology, plan: PlanNode): string | undefined {
  return placesOf.get(topology)?.get(plan);
}

/** Plan -> passes -> topology. */
export function lowerPlan(plan: Plan, options: PlanOptions = {}): Topology {
  const wanted = wantedOptimizations(options.optimize ?? "none");
  const graph = new PlanGraph(plan);
  mergeDuplicateSources(graph);
  if (wanted.has("reuse.ktable.source.topics")) reuseSourceTopics(graph);
  if (wanted.has("merge.repartition.topics")) mergeRepartitionTopics(graph);
  if (wanted.has("single.store.self.join")) joinOnOneStore(graph);
  keepNullKeys(graph);
  const topology = new TopologyBuilder({
    engine: options.storeEngine ?? "rocksdb",
    headers: options.storeFormat === "headers",
  });
  lowerGraph(graph, topology, gatherDemands(plan));
  if (options.requireExplicitNames === true && plan.generatedResources.length > 0)
    throw new TopologyError(
      "UNNAMED_INTERNAL_RESOURCE",
      `these stores and internal topics have generated names: ${plan.generatedResources.join(", ")}; give each operator the option store, or name where it has none`,
    );
  const made = new Topology(topology.contents);
  placesOf.set(made, namesOf(graph, made));
  return made;
}

function namesOf(graph: PlanGraph, { nodes }: Topology): ReadonlyMap<PlanNode, string> {
  const names = new Set(nodes.map(({ name }) => name));
  return new Map(
    [...graph.places].flatMap(([plan, { plan: lowered }]) =>
      lowered !== undefined && names.has(lowered.name) ? [[plan, lowered.name]] : [],
    ),
  );
}

function gatherDemands(plan: Plan): TableDemands {
  const tables = new TableDemands();
  for (const node of new Set(plan.edges.map(({ child }) => child))) node.demand?.(tables);
  return tables;
}

/** Lowest priority first, each vertex once all of its parents are done; its children are looked at in any case. */
function lowerGraph(graph: PlanGraph, topology: TopologyBuilder, tables: TableDemands): void {
  const done = new Set<PlanVertex>();
  const waiting: PlanVertex[] = [graph.root];
  for (let vertex = takeFirst(waiting); vertex !== undefined; vertex = takeFirst(waiting)) {
    if (!done.has(vertex) && [...vertex.parents].every((parent) => done.has(parent))) {
      const parents = [...vertex.parents].flatMap((parent) =>
        parent.plan === undefined ? [] : [parent.plan.name],
      );
      topology.place = vertex.place;
      vertex.plan?.lower(topology, parents, tables);
      done.add(vertex);
    }
    waiting.push(...vertex.children);
  }
}

function takeFirst(waiting: PlanVertex[]): PlanVertex | undefined {
  let first = 0;
  for (let index = 1; index < waiting.length; index++)
    if (waiting[index].priority < waiting[first].priority) first = index;
  return waiting.splice(first, 1)[0];
}

function wantedOptimizations(
  optimize: "all" | "none" | readonly TopologyOptimization[],
): ReadonlySet<TopologyOptimization> {
  if (optimize === "none") return new Set();
  if (optimize === "all") return new Set(optimizations);
  if (!Array.isArray(optimize))
    throw new TopologyConfigError(
      `optimize is ${shown(optimize)}; give "all", "none" or some of ${optimizations.join(", ")}`,
    );
  const unknown = optimize.find((name) => !optimizations.includes(name));
  if (unknown !== undefined || optimize.length === 0)
    throw new TopologyConfigError(
      `optimize: ${unknown ?? "an empty list"} is no optimisation; give "all", "none" or some of ${optimizations.join(", ")}`,
    );
  return new Set(optimize);
}
