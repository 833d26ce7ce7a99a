import { invariant } from "@millrace/model";
import type { StoreSpecification } from "@millrace/state";

import { TopologyError } from "../error/topology-error.ts";
import type { ProcessorSupplier } from "../processor/processor.ts";
import { checkOffsetReset } from "./offset-reset.ts";
import type { StoreDefaults } from "./store-defaults.ts";
import type { GlobalStoreNodes, TopologyContents } from "./topology-contents.ts";
import type { ProcessorNode, SinkNode, SourceNode, TopologyNode } from "./topology-node.ts";

/**
 * Gathers nodes and refuses what cannot be, one check per call (Kafka: `InternalTopologyBuilder`). The DSL lowers
 * its plan into one.
 */
export class TopologyBuilder {
  readonly storeDefaults: StoreDefaults;
  /** Where the program makes the nodes that come now. */
  place: string | undefined = undefined;
  readonly #nodes = new Map<string, TopologyNode>();
  readonly #stores = new Map<string, StoreSpecification>();
  readonly #globalStores = new Map<string, GlobalStoreNodes>();
  readonly #internalTopics = new Map<string, number | undefined>();
  readonly #sourceChangelogs = new Map<string, string>();
  readonly #copartitioned: (readonly string[])[] = [];

  constructor(
    storeDefaults: StoreDefaults = { engine: "rocksdb", headers: false },
    begun?: TopologyContents,
  ) {
    this.storeDefaults = storeDefaults;
    for (const node of begun?.nodes ?? []) this.#nodes.set(node.name, node);
    for (const store of begun?.stores ?? []) this.#stores.set(store.name, store);
    for (const global of begun?.globalStores ?? [])
      this.#globalStores.set(global.specification.name, global);
    for (const [topic, count] of begun?.internalTopics ?? [])
      this.#internalTopics.set(topic, count);
    for (const [store, topic] of begun?.sourceChangelogs ?? [])
      this.#sourceChangelogs.set(store, topic);
    this.#copartitioned.push(...(begun?.copartitioned ?? []));
  }

  addSource(source: Omit<SourceNode, "kind" | "parents">): void {
    this.#checkNewName(source.name);
    if (source.pattern === undefined && source.topics.length === 0)
      throw new TopologyError(
        "NO_TOPICS",
        `source ${source.name} has no topics; name at least one`,
      );
    checkOffsetReset(source.offsetReset, source.name);
    for (const topic of source.topics) this.#checkNewTopic(topic);
    if (source.pattern !== undefined) this.#checkNewPattern(source.pattern);
    this.#nodes.set(source.name, { ...source, kind: "source", parents: [], place: this.place });
  }

  addProcessor(processor: Omit<ProcessorNode, "kind" | "stores">): void {
    this.#checkNewName(processor.name);
    this.#checkParents(processor);
    const { place } = this;
    this.#nodes.set(processor.name, { ...processor, kind: "processor", stores: [], place });
  }

  /** Lets another one make the processors of a node that is there. */
  replaceSupplier(processor: string, supplier: ProcessorSupplier): void {
    const node = this.#nodes.get(processor);
    invariant(node?.kind === "processor", "only processors have suppliers");
    this.#nodes.set(processor, { ...node, supplier });
  }

  addSink(sink: Omit<SinkNode, "kind">): void {
    this.#checkNewName(sink.name);
    this.#checkParents(sink);
    this.#nodes.set(sink.name, { ...sink, kind: "sink", place: this.place });
  }

  /** Adds a store that each process has whole, with the two nodes that feed it and nothing else. */
  addGlobalStore({ specification, source, processor, holdsTopic }: GlobalStoreParts): void {
    const { name } = specification;
    if (this.#stores.has(name) || this.#globalStores.has(name))
      throw new TopologyError(
        "DUPLICATE_STORE",
        `there is a store ${name} already; add a global store once, and before the processors that use it`,
      );
    if (source.name === processor.name)
      throw new TopologyError(
        "DUPLICATE_NODE",
        `source and processor of global store ${name} are both called ${source.name}; give each node a name of its own`,
      );
    this.#checkNewName(processor.name);
    this.addSource(source);
    this.#nodes.set(processor.name, {
      ...processor,
      kind: "processor",
      parents: [source.name],
      stores: [name],
      place: this.place,
    });
    this.#globalStores.set(name, {
      specification,
      source: source.name,
      processor: processor.name,
      holdsTopic,
    });
  }

  /** True: every processor can read it without being connected. */
  hasGlobalStore(name: string): boolean {
    return this.#globalStores.has(name);
  }

  /** Adds a store, or meets the very same one again, and connects it to processors. */
  addStore(specification: StoreSpecification, processors: readonly string[]): void {
    this.#checkNotGlobal(specification.name);
    const known = this.#stores.get(specification.name);
    if (known !== undefined && known !== specification)
      throw new TopologyError(
        "DUPLICATE_STORE",
        `there is a different store ${specification.name} already${this.#usersOf(specification.name)}; it comes again${placed(processors.join(", "), this.place)}: give each store a name of its own`,
      );
    this.#stores.set(specification.name, specification);
    for (const name of processors) this.connectStore(name, specification.name);
  }

  /** Lets a processor use a store that is there. */
  connectStore(processor: string, store: string): void {
    this.#checkNotGlobal(store);
    if (!this.#stores.has(store))
      throw new TopologyError(
        "UNKNOWN_STORE",
        `store ${store} cannot be connected to ${processor}: it is not there; add it first`,
      );
    const node = this.#nodes.get(processor);
    if (node === undefined || node.kind !== "processor")
      throw new TopologyError(
        "UNKNOWN_PROCESSOR",
        `store ${store} cannot be connected to ${processor}, which is ${node === undefined ? "not there" : `a ${node.kind}`}; name a processor`,
      );
    if (!node.stores.includes(store))
      this.#nodes.set(processor, { ...node, stores: [...node.stores, store] });
  }

  addInternalTopic(topic: string, partitionCount: number | undefined): void {
    this.#internalTopics.set(topic, partitionCount);
  }

  /** Lets a source topic stand for the changelog of a store. */
  useAsChangelog(store: string, topic: string): void {
    this.#sourceChangelogs.set(store, topic);
  }

  /** Says that the topics of sources are joined by key. Names that are no sources (any more) count for nothing. */
  copartition(sources: readonly string[]): void {
    this.#copartitioned.push(sources);
    const counts = new Map<number, string>();
    for (const source of sources)
      for (const topic of this.#topicsOf(source)) {
        const count = this.#internalTopics.get(topic);
        if (count !== undefined) counts.set(count, topic);
      }
    if (counts.size <= 1) return;
    const list = [...counts].map(([count, topic]) => `${topic} (${count})`).join(", ");
    throw new TopologyError(
      "PARTITIONS_DIFFER",
      `these topics are joined by key and were given different numbers of partitions: ${list}; give them the same`,
    );
  }

  /** What was gathered so far. */
  get contents(): TopologyContents {
    return {
      nodes: [...this.#nodes.values()],
      stores: [...this.#stores.values()],
      globalStores: [...this.#globalStores.values()],
      internalTopics: new Map(this.#internalTopics),
      sourceChangelogs: new Map(this.#sourceChangelogs),
      copartitioned: [...this.#copartitioned],
    };
  }

  #topicsOf(source: string): readonly string[] {
    const node = this.#nodes.get(source);
    return node?.kind === "source" ? node.topics : [];
  }

  #checkNotGlobal(store: string): void {
    if (this.#globalStores.has(store))
      throw new TopologyError(
        "GLOBAL_STORE_CONNECTED",
        `store ${store} is global: every processor can read it without naming it; leave it out, or give the other store a name of its own`,
      );
  }

  /** Who has the store, for an error. */
  #usersOf(store: string): string {
    for (const node of this.#nodes.values())
      if (node.kind === "processor" && node.stores.includes(store))
        return placed(node.name, node.place);
    return "";
  }

  #checkNewName(name: string): void {
    if (this.#nodes.has(name))
      throw new TopologyError(
        "DUPLICATE_NODE",
        `processor ${name} is already there; give each operator a name of its own`,
      );
  }

  #checkParents({ name, parents }: { readonly name: string; readonly parents: readonly string[] }) {
    if (parents.length === 0)
      throw new TopologyError("UNKNOWN_PARENT", `node ${name} has no parent; name at least one`);
    for (const parent of parents) {
      const node = this.#nodes.get(parent);
      if (node === undefined)
        throw new TopologyError(
          "UNKNOWN_PARENT",
          `parent ${parent} of node ${name} is not there; add it first`,
        );
      for (const { source, processor } of this.#globalStores.values())
        if (parent === source || parent === processor)
          throw new TopologyError(
            "GLOBAL_STORE_AS_PARENT",
            `${parent} feeds a global store and forwards nothing, so that it cannot be the parent of ${name}`,
          );
      if (node.kind === "sink")
        throw new TopologyError(
          "SINK_AS_PARENT",
          `sink ${parent} cannot be the parent of ${name}; read its topic with a source instead`,
        );
    }
  }

  #checkNewTopic(topic: string): void {
    for (const node of this.#nodes.values()) {
      if (node.kind !== "source") continue;
      if (node.topics.includes(topic))
        throw new TopologyError(
          "TOPIC_REGISTERED_TWICE",
          `topic ${topic} is already read by source ${node.name}; read it once and use that stream or table twice`,
        );
      if (node.pattern !== undefined && matches(node.pattern, topic))
        throw new TopologyError(
          "TOPIC_REGISTERED_TWICE",
          `topic ${topic} matches the pattern of source ${node.name}; a topic may belong to one source only`,
        );
    }
  }

  #checkNewPattern(pattern: RegExp): void {
    for (const node of this.#nodes.values()) {
      if (node.kind !== "source") continue;
      const topic = node.topics.find((name) => matches(pattern, name));
      if (topic !== undefined)
        throw new TopologyError(
          "TOPIC_REGISTERED_TWICE",
          `pattern ${pattern.source} matches topic ${topic}, which source ${node.name} reads already`,
        );
    }
  }
}

export interface GlobalStoreParts {
  readonly specification: StoreSpecification;
  readonly source: Omit<SourceNode, "kind" | "parents">;
  readonly processor: Pick<ProcessorNode, "name" | "supplier">;
  readonly holdsTopic: boolean;
}

/** Whole names only, as in Java's `matches`. */
export function matches(pattern: RegExp, topic: string): boolean {
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, "")).test(topic);
}

/** A node, and where the program made it. */
function placed(node: string, place: string | undefined): string {
  const at = place === undefined ? "" : ` at ${place}`;
  return node === "" ? at : ` with ${node}${at}`;
}
