import type {
  NodeDescription,
  RepartitionTopicDescription,
  StoreDescription,
  SubtopologyDescription,
  TopologyDescription,
} from "../description/topology-description.ts";

/** A store, with where it stands in its program. */
export interface PlacedStore extends StoreDescription {
  readonly subtopology: SubtopologyDescription;
  readonly origin: Origin;
}

/** A topic of the application's own, with where it stands in its program. */
export interface PlacedTopic extends RepartitionTopicDescription {
  readonly key: string;
  readonly value: string;
  readonly origin: Origin;
}

/** Where something comes from, whatever numbers generated names have. */
export interface Origin {
  /** Equal for what the same operators make, from the source on. */
  readonly path: string;
  /** The kind of operator, or its name where the user gave one. */
  readonly role: string;
  /** Topics of others that it is made of, sorted. */
  readonly topics: readonly string[];
  /** True: records came through a topic of the application's own. */
  readonly isRepartitioned: boolean;
}

const nowhere: Origin = { path: "", role: "", topics: [], isRepartitioned: false };

/** Gives equal numbers for equal texts, of both programs: a path through many joins would be long. */
export class Numbering {
  readonly #numbers = new Map<string, number>();

  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}

/** True: nobody chose the name, and its number depends on the operators before it. */
export function isGenerated(name: string): boolean {
  return /-[0-9]{10}(?![0-9])/.test(name);
}

/** The name as every version of a program would have generated it. */
export function withoutNumbers(name: string): string {
  return name.replace(/-[0-9]{10}(?![0-9])/g, "-#");
}

/** Finds where the stores and internal topics of a program come from. */
export class Origins {
  readonly stores: readonly PlacedStore[];
  readonly topics: readonly PlacedTopic[];
  readonly #numbering: Numbering;
  readonly #nodes = new Map<string, NodeDescription>();
  readonly #writers: ReadonlyMap<string, readonly NodeDescription[]>;
  readonly #internal: ReadonlySet<string>;
  readonly #origins = new Map<string, Origin>();

  constructor({ subtopologies }: TopologyDescription, numbering: Numbering) {
    this.#numbering = numbering;
    const nodes = subtopologies.flatMap((one) => one.nodes);
    for (const node of nodes) this.#nodes.set(node.name, node);
    const topics = subtopologies.flatMap((one) => one.repartitionTopics);
    this.#internal = new Set(topics.map(({ name }) => name));
    const sinks = nodes.filter((node) => node.kind === "sink");
    this.#writers = Map.groupBy(sinks, ({ topic }) => topic ?? "");
    this.stores = subtopologies.flatMap((subtopology) =>
      subtopology.stores.map((store) => ({
        ...store,
        subtopology,
        origin: this.#originOfStore(store, subtopology),
      })),
    );
    this.topics = topics.map((topic) => {
      const reader = nodes.find(
        (node) => node.kind === "source" && node.topics.includes(topic.name),
      );
      const { key, value } = reader?.kind === "source" ? reader : { key: "", value: "" };
      return { ...topic, key, value, origin: this.#originOf(reader?.name ?? "") };
    });
  }

  /** That of the first who uses it, which feeds it: others may be added and read it. */
  #originOfStore({ name }: StoreDescription, { nodes }: SubtopologyDescription): Origin {
    const user = nodes.find((node) => node.kind === "processor" && node.stores.includes(name));
    return user === undefined ? nowhere : this.#originOf(user.name);
  }

  #originOf(name: string): Origin {
    const known = this.#origins.get(name);
    if (known !== undefined) return known;
    const node = this.#nodes.get(name);
    const origin = node === undefined ? nowhere : this.#computed(node);
    this.#origins.set(name, origin);
    return origin;
  }

  #computed(node: NodeDescription): Origin {
    const role = withoutNumbers(node.name);
    const read = node.kind === "source" ? [...node.topics] : [];
    const internal = read.filter((topic) => this.#internal.has(topic));
    const external = read.filter((topic) => !this.#internal.has(topic)).sort();
    if (node.kind === "source" && node.pattern !== null) external.push(`/${node.pattern}/`);
    const writers = internal.flatMap((topic) => this.#writers.get(topic) ?? []);
    const above = [...node.parents, ...writers.map(({ name }) => name)].map((name) =>
      this.#originOf(name),
    );
    const step = [role, ...external, ...above.map(({ path }) => path)];
    const topics = new Set([...external, ...above.flatMap((origin) => origin.topics)]);
    return {
      path: String(this.#numbering.numberOf(JSON.stringify(step))),
      role,
      topics: [...topics].sort(),
      isRepartitioned: internal.length > 0 || above.some((origin) => origin.isRepartitioned),
    };
  }
}
