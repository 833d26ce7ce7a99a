import { encodeUtf8, isSynchronousFunction, murmur2, shown } from "@millrace/model";
import type { StoreSpecification } from "@millrace/state";

import { callPlace } from "../error/place-of-call.ts";
import { TopologyError } from "../error/topology-error.ts";
import type { ProcessorSupplier } from "../processor/processor.ts";
import { describeContents } from "./description/describe-contents.ts";
import { describeTopology } from "./description/describe-text.ts";
import { mermaidOf } from "./description/mermaid.ts";
import type { TopologyDescription } from "./description/topology-description.ts";
import { globalStoresOf, isGlobalGroup, type GlobalStore } from "./global-topology.ts";
import { nodeGroups } from "./node-groups.ts";
import {
  checkNodeName,
  checkSupplier,
  readProcessorOptions,
  readFedStoreOptions,
  readSinkOptions,
  readSourceOptions,
  type ProcessorNodeOptions,
  type FedStoreOptions,
  type SinkNodeOptions,
  type SourceNodeOptions,
} from "./node-options.ts";
import { resolveSubtopology } from "./resolve-subtopology.ts";
import { requireSpecification } from "./store-handle.ts";
import type { Subtopology } from "./subtopology.ts";
import { TopologyBuilder } from "./topology-builder.ts";
import type { TopologyContents } from "./topology-contents.ts";
import type { TopicNameExtractor, TopologyNode } from "./topology-node.ts";

/**
 * A program as nodes and edges (Kafka: `Topology`): what `StreamsBuilder.build()` gives and an application runs. It can
 * also be written by hand, node by node, and what a builder gave can be added to. Parents come before their children.
 *
 * @example
 * const topology = new Topology()
 *   .addSource("orders", "orders", { key: string(), value: json(Order) })
 *   .addProcessor("check", () => new CheckOrders(), { parents: "orders", stores: [seen] })
 *   .addSink("checked", "orders-checked", { parents: "check", key: string(), value: json(Order) });
 * console.log(topology.describe());
 */
export class Topology {
  readonly #builder: TopologyBuilder;

  constructor(begun?: TopologyContents) {
    this.#builder = new TopologyBuilder(undefined, begun);
  }

  /**
   * Reads a topic, several, or all that a pattern matches as a whole (Kafka: `Topology.addSource`). Without serdes,
   * keys and values are bytes or null; null is passed on whatever the serde says.
   *
   * @throws TopologyError
   */
  addSource<K = Uint8Array | null, V = Uint8Array | null>(
    name: string,
    topics: string | readonly string[] | RegExp,
    options?: SourceNodeOptions<K, V>,
  ): this {
    checkNodeName("addSource", name);
    this.#builder.place = callPlace();
    this.#builder.addSource({ name, ...readSourceOptions(topics, options) });
    return this;
  }

  /**
   * Adds a processor below its parents (Kafka: `Topology.addProcessor`). The supplier makes one per task. Stores that
   * it uses are named here, or by the supplier's own `stores`.
   *
   * @throws TopologyError
   */
  addProcessor<KIn, VIn, KOut, VOut>(
    name: string,
    supplier: ProcessorSupplier<KIn, VIn, KOut, VOut>,
    options: ProcessorNodeOptions,
  ): this {
    checkNodeName("addProcessor", name);
    this.#builder.place = callPlace();
    checkSupplier("addProcessor", supplier);
    const { parents, stores } = readProcessorOptions(options);
    const made = supplier as ProcessorSupplier;
    this.#builder.addProcessor({ name, supplier: made, isByHand: true, parents });
    for (const store of [...(supplier.stores ?? []), ...stores]) this.#connect(name, store);
    return this;
  }

  /**
   * Writes what its parents forward to a topic, or to that which a function names record by record (Kafka:
   * `Topology.addSink`).
   *
   * @throws TopologyError
   */
  addSink<K = Uint8Array | null, V = Uint8Array | null>(
    name: string,
    topic: string | TopicNameExtractor<K, V>,
    options: SinkNodeOptions<K, V>,
  ): this {
    checkNodeName("addSink", name);
    this.#builder.place = callPlace();
    this.#builder.addSink({ name, ...readSinkOptions(topic, options) });
    return this;
  }

  /**
   * Adds a store, and connects it to processors (Kafka: `Topology.addStateStore`). Processors that share one are in one
   * sub-topology.
   *
   * @throws TopologyError
   */
  addStateStore(specification: StoreSpecification, ...processors: readonly string[]): this {
    this.#builder.addStore(requireSpecification(specification, "addStateStore"), processors);
    return this;
  }

  /**
   * Lets a processor use stores that are there (Kafka: `Topology.connectProcessorAndStateStores`).
   *
   * @throws TopologyError
   */
  connectProcessorAndStateStores(
    processor: string,
    ...stores: readonly (string | StoreSpecification)[]
  ): this {
    if (stores.length === 0)
      throw new TopologyError(
        "UNKNOWN_STORE",
        `no store is named that ${processor} is to be connected to; name at least one`,
      );
    const method = "connectProcessorAndStateStores";
    for (const store of stores) this.#builder.connectStore(processor, storeName(store, method));
    return this;
  }

  /**
   * Adds a store that is a topic's content: fed by a processor that does nothing else, restored from the topic itself,
   * without a changelog of its own (Kafka: `Topology.addReadOnlyStateStore`, KIP-813). Connect it to those who read it.
   *
   * @throws TopologyError
   */
  addReadOnlyStateStore(
    specification: StoreSpecification,
    topic: string,
    options: FedStoreOptions,
  ): this {
    requireSpecification(specification, "addReadOnlyStateStore");
    this.#builder.place = callPlace();
    const given = { specification, topic };
    const { source, processor } = readFedStoreOptions("addReadOnlyStateStore", given, options);
    this.#builder.addSource(source);
    this.#builder.addProcessor(processor);
    this.#builder.addStore(specification, [processor.name]);
    this.#builder.useAsChangelog(specification.name, topic);
    return this;
  }

  /**
   * Adds a store that every process has whole: fed with all partitions of a topic by a processor that does nothing else,
   * before any task starts and from then on (Kafka: `Topology.addGlobalStore`). Every processor can read it without being
   * connected. What it holds is written by that processor alone.
   *
   * @throws TopologyError
   */
  addGlobalStore(specification: StoreSpecification, topic: string, options: FedStoreOptions): this {
    requireSpecification(specification, "addGlobalStore");
    this.#builder.place = callPlace();
    const given = { specification, topic };
    const { source, processor } = readFedStoreOptions("addGlobalStore", given, options);
    this.#builder.addGlobalStore({ specification, source, processor, holdsTopic: false });
    return this;
  }

  /**
   * Puts something around every processor that is there, those of the DSL too: to trace, to time, to log (Kafka:
   * `ProcessorWrapper`, KIP-1112). `wrap` is given each supplier with its node's name, and gives the one to use in its
   * place; names and stores stay, and stores that the new one brings along are added. Called before the topology runs.
   *
   * @throws TopologyError
   * @example
   * topology.wrapProcessors((supplier, name) => () => {
   *   const processor = supplier();
   *   return {
   *     ...(processor.forwardsNewRecords && { forwardsNewRecords: true }),
   *     init: (context) => processor.init?.(context),
   *     process: (record) => timed(name, () => processor.process(record)),
   *     close: () => processor.close?.(),
   *   };
   * });
   */
  wrapProcessors(wrap: (supplier: ProcessorSupplier, nodeName: string) => ProcessorSupplier): this {
    if (!isSynchronousFunction(wrap))
      throw new TopologyError(
        "INVALID_ARGUMENT",
        `wrapProcessors was given ${shown(wrap)}; give a function, (supplier, nodeName) => supplier`,
      );
    for (const node of this.nodes) {
      if (node.kind !== "processor") continue;
      const supplier = wrap(node.supplier, node.name);
      checkSupplier("wrapProcessors", supplier);
      this.#builder.replaceSupplier(node.name, supplier);
      for (const store of supplier.stores ?? []) this.#connect(node.name, store);
    }
    return this;
  }

  /** Kafka's text, byte for byte. */
  describe(): string {
    return describeTopology(this.description());
  }

  /** The same as data, with stores, serdes and internal topics: JSON carries it, and `diffTopologies` compares it. */
  description(): TopologyDescription {
    const subtopologies = describeContents(this.#builder.contents);
    return { format: 1, subtopologies, fingerprint: this.fingerprint() };
  }

  /** The same as a diagram of Mermaid, which GitHub draws: topics, sub-topologies, nodes and stores. */
  mermaid(): string {
    return mermaidOf(this.description());
  }

  /** All nodes, parents before children. Internal topics are without the application's id. */
  get nodes(): readonly TopologyNode[] {
    return this.#builder.contents.nodes;
  }

  /** Names of all stores. */
  get storeNames(): readonly string[] {
    const { stores, globalStores } = this.#builder.contents;
    return [...stores, ...globalStores.map(({ specification }) => specification)].map(
      ({ name }) => name,
    );
  }

  /** The connected parts, in Kafka's order: one task per partition each. */
  subtopologies(applicationId: string): readonly Subtopology[] {
    const { contents } = this.#builder;
    return nodeGroups(contents.nodes).flatMap((group, id) =>
      isGlobalGroup(group, contents)
        ? []
        : [resolveSubtopology(contents, group, { id, applicationId })],
    );
  }

  /** What each process has whole, and makes no tasks. */
  get globalStores(): readonly GlobalStore[] {
    return globalStoresOf(this.#builder.contents);
  }

  /** All parts as one, for a driver that runs the whole topology in a single task. */
  merged(applicationId: string): Subtopology {
    const { contents } = this.#builder;
    const global = new Set(
      contents.globalStores.flatMap(({ source, processor }) => [source, processor]),
    );
    const nodes = contents.nodes.filter(({ name }) => !global.has(name));
    return resolveSubtopology(contents, nodes, { id: 0, applicationId });
  }

  /**
   * A short text that is equal for topologies whose instances can share their work: it covers sub-topologies,
   * source topics, stores and internal topics, but not operators, so that a rolling change of those is fine.
   */
  fingerprint(): string {
    const text = JSON.stringify(
      this.subtopologies("").map((part) => [
        part.id,
        part.sourceTopics,
        part.sourcePatterns.map((pattern) => pattern.source),
        part.stores.map((store) => [store.name, store.kind.name]),
        part.repartitionTopics.map((topic) => [topic.name, topic.partitionCount ?? -1]),
        part.changelogTopics.map((topic) => topic.name),
      ]),
    );
    return ["a", "b"].map((salt) => hashText(salt + text)).join("");
  }

  /** Adds the store, or meets it again; a name alone is that of a store which is there. */
  #connect(processor: string, store: string | StoreSpecification): void {
    if (typeof store === "string") this.#builder.connectStore(processor, store);
    else this.#builder.addStore(requireSpecification(store, "addProcessor"), [processor]);
  }
}

function storeName(store: string | StoreSpecification, method: string): string {
  return typeof store === "string" ? store : requireSpecification(store, method).name;
}

function hashText(text: string): string {
  return (murmur2(encodeUtf8(text)) >>> 0).toString(16).padStart(8, "0");
}
