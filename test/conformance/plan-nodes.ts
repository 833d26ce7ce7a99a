import type { GlobalKTable, KTable, Topology } from "@millrace/streams";

import { timestamps } from "./functions.ts";
import type { Handle, Types } from "./handles.ts";
import { blockPlan, processorOf, type Block, type Surroundings } from "./processors.ts";
import { asList, asObject, asText, type JsonObject } from "./program.ts";
import { stateStorePlan, type StateStorePlan } from "./state-stores.ts";
import { serdeOf, typeOf, type TypeName } from "./values.ts";

/** What statements with processors share: the stores that were added, and the types of topics. */
export interface ProcessorWorld {
  readonly stores: Map<string, StateStorePlan>;
  readonly topicTypes: Map<string, Types>;
  readonly storeTypes: Map<string, Types>;
  /** The table that is kept in a store of a name. */
  readonly tableOf: (
    store: string,
  ) => KTable<unknown, unknown> | GlobalKTable<unknown, unknown> | undefined;
}

/** Notes a store, so that processors and queries find it. */
export function noteStore(st: JsonObject, { stores, storeTypes }: ProcessorWorld): StateStorePlan {
  const plan = stateStorePlan(st);
  stores.set(plan.specification.name, plan);
  storeTypes.set(plan.specification.name, plan);
  return plan;
}

/** `process` and `processValues`. */
export function processStatement(st: JsonObject, on: Handle, world: ProcessorWorld): Handle {
  if (on.node.kind !== "stream") throw new TypeError("process needs a stream");
  const { name, ...spec } = { name: st["name"], ...asObject(st["processor"]) };
  const { block, handles } = plannedProcessor(spec, on, world);
  const common = {
    stores: Object.fromEntries(handles.map((handle) => ["kept", handle])),
    state: (): Block => block.make(),
    init: (context: Context) => context.state.init?.(surroundingsOf(context)),
    process: (record: Parameters<Block["process"]>[0], context: Context) =>
      context.state.process(record, surroundingsOf(context)),
  };
  const options = name === undefined ? {} : { name: asText(name) };
  const value = serdeOf(block.value);
  const node =
    st["op"] === "process"
      ? on.node.process({ ...common, output: { key: serdeOf(block.key), value } } as never, options)
      : on.node.processValues({ ...common, value } as never, options);
  return { node: node as Handle["node"], key: block.key, value: block.value };
}

/** A context of the DSL, with the one store that a program's processor has. */
interface Context {
  readonly state: Block;
  readonly kept: unknown;
  readonly forward: Surroundings["forward"];
  readonly schedule: Surroundings["schedule"];
  readonly metadata: ReturnType<Surroundings["metadata"]>;
  readonly currentStreamTimeMs: () => number;
  readonly currentSystemTimeMs: () => number;
}

function surroundingsOf(context: Context): Surroundings {
  return {
    store: () => context.kept as ReturnType<Surroundings["store"]>,
    forward: context.forward,
    schedule: context.schedule,
    metadata: () => context.metadata,
    streamTime: context.currentStreamTimeMs,
    wallTime: context.currentSystemTimeMs,
  };
}

function plannedProcessor(spec: JsonObject, types: Types, world: ProcessorWorld) {
  const provided =
    spec["provide"] === undefined ? [] : [noteStore(asObject(spec["provide"]), world)];
  const name = spec["store"] === undefined ? undefined : asText(spec["store"]);
  const isNamed = name !== undefined && provided.length === 0;
  const found = name === undefined ? undefined : world.stores.get(name);
  const named = isNamed ? [found?.specification ?? world.tableOf(name) ?? name] : [];
  return {
    block: blockPlan(spec, types, found?.specification.kind.name ?? ""),
    handles: [...provided.map(({ specification }) => specification), ...named],
    isGlobal: spec["global"] === true,
  };
}

/** Writes the statements of the Processor API into a topology that is built. */
export class NodePlan {
  readonly #topology: Topology;
  readonly #world: ProcessorWorld;
  readonly #nodeTypes = new Map<string, Types>();

  constructor(topology: Topology, world: ProcessorWorld) {
    this.#topology = topology;
    this.#world = world;
  }

  add(st: JsonObject): void {
    switch (st["op"]) {
      case "addSource":
        return this.#source(st);
      case "addProcessor":
        return this.#processor(st);
      case "addSink":
        return this.#sink(st);
      case "addReadOnlyStore":
        return this.#readOnlyStore(st);
      default:
        return undefined;
    }
  }

  #source(st: JsonObject): void {
    const types = typesOf(st);
    const name = asText(st["name"]);
    const topics = asList(st["topics"]).map(asText);
    this.#nodeTypes.set(name, types);
    for (const topic of topics) this.#world.topicTypes.set(topic, types);
    const extractor = timestamps(st["timestamps"]);
    this.#topology.addSource(name, topics, {
      key: serdeOf(types.key),
      value: serdeOf(types.value),
      ...(extractor === undefined ? {} : { timestampExtractor: extractor }),
    });
  }

  #processor(st: JsonObject): void {
    const parents = asList(st["parents"]).map(asText);
    const { block, handles, isGlobal } = plannedProcessor(
      asObject(st["processor"]),
      this.#typesBelow(parents),
      this.#world,
    );
    const name = asText(st["name"]);
    this.#nodeTypes.set(name, block);
    const stores = (isGlobal ? [] : handles).map((handle) =>
      typeof handle === "object" && "carries" in handle ? (handle.storeName ?? "") : handle,
    );
    this.#topology.addProcessor(name, () => processorOf(block.make()), { parents, stores });
  }

  #sink(st: JsonObject): void {
    const parents = asList(st["parents"]).map(asText);
    const { key, value } = this.#typesBelow(parents);
    const serdes = { key: serdeOf(key), value: serdeOf(value) };
    this.#topology.addSink(asText(st["name"]), asText(st["topic"]), { parents, ...serdes });
  }

  #readOnlyStore(st: JsonObject): void {
    const { specification, ...types } = noteStore(st, this.#world);
    const { name } = specification;
    const topic = asText(st["topic"]);
    this.#world.topicTypes.set(topic, types);
    const block = blockPlan({ kind: "put", store: name }, types, "");
    this.#topology.addReadOnlyStateStore(specification, topic, {
      supplier: () => processorOf(block.make()),
      processorName: `${name}-writer`,
    });
  }

  #typesBelow([first]: readonly string[]): Types {
    return this.#nodeTypes.get(first) ?? { key: "string", value: "string" };
  }
}

function typesOf(st: JsonObject): { readonly key: TypeName; readonly value: TypeName } {
  return { key: typeOf(st["key"]), value: typeOf(st["value"]) };
}
