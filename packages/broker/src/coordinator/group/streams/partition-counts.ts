import { errorCode } from "../../error-code.ts";
import { GroupRefusal } from "../refusal.ts";
import { byText } from "../partition-sets.ts";
import { inputsOf, type Subtopology, type Topology } from "./topology.ts";
import { statusCode, TopicFault } from "./topology-fault.ts";

/** Undefined where neither the cluster nor what was decided so far has the topic. */
export type CountOf = (topic: string) => number | undefined;

/**
 * How many partitions internal topics are to have (Kafka: `RepartitionTopics`,
 * `CopartitionedTopicsEnforcer`, `ChangelogTopics`). All source topics are there.
 *
 * @throws TopicFault where topics that go together differ
 * @throws GroupRefusal where the topology can never be configured
 */
export function decidePartitionCounts(
  topology: Topology,
  existing: CountOf,
): ReadonlyMap<string, number> {
  const { subtopologies } = topology;
  const decided = repartitionCounts(subtopologies, existing);
  const countOf: CountOf = (topic) => existing(topic) ?? decided.get(topic);
  const copartition = new Copartition(subtopologies, countOf);
  for (const subtopology of subtopologies)
    for (const group of subtopology.copartitionGroups) {
      const topics = [
        ...group.sourceTopics.map((index) => subtopology.sourceTopics[index]),
        ...group.repartitionSourceTopics.map(
          (index) => subtopology.repartitionSourceTopics[index]?.name,
        ),
      ];
      for (const [topic, count] of copartition.enforce(new Set(topics))) decided.set(topic, count);
    }
  for (const subtopology of subtopologies) {
    const count = inputCountOf(subtopology, countOf);
    for (const { name } of subtopology.stateChangelogTopics) decided.set(name, count);
  }
  return decided;
}

/** Partitions of the largest topic that a subtopology reads: it has as many tasks. */
export function inputCountOf(subtopology: Subtopology, countOf: CountOf): number {
  const inputs = inputsOf(subtopology);
  if (inputs.length === 0)
    throw invalid(`No source topics found for subtopology ${subtopology.subtopologyId}`);
  return Math.max(...inputs.map((topic) => counted(countOf, topic)));
}

/** A repartition topic has the number that it asks for, or that of its writer's largest input. */
function repartitionCounts(
  subtopologies: readonly Subtopology[],
  existing: CountOf,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { repartitionSourceTopics } of subtopologies)
    for (const { name, partitions } of repartitionSourceTopics)
      if (partitions !== 0) counts.set(name, partitions);
  setAllSinks(subtopologies, counts, existing);
  for (const { repartitionSourceTopics } of subtopologies)
    if (repartitionSourceTopics.some(({ name }) => !counts.has(name)))
      throw invalid(
        "Failed to compute number of partitions for all repartition topics, because a repartition source topic is never used as a sink topic.",
      );
  return counts;
}

/**
 * In rounds, as Kafka does it: in each of them all that have an input which is known by then, in their order. Who has
 * none is not looked at again before one is known: chains of topics may be long.
 */
function setAllSinks(
  subtopologies: readonly Subtopology[],
  counts: Map<string, number>,
  existing: CountOf,
): void {
  const readersOf = new Map<string, number[]>();
  const isReady: boolean[] = [];
  for (const [index, { sourceTopics, repartitionSourceTopics }] of subtopologies.entries()) {
    for (const { name } of repartitionSourceTopics) {
      const readers = readersOf.get(name);
      if (readers === undefined) readersOf.set(name, [index]);
      else readers.push(index);
    }
    isReady.push(
      sourceTopics.some((topic) => existing(topic) !== undefined) ||
        repartitionSourceTopics.some(({ name }) => counts.has(name)),
    );
  }
  let open = [...subtopologies.keys()].filter((index) =>
    subtopologies[index].repartitionSinkTopics.some((sink) => !counts.has(sink)),
  );
  while (open.length > 0) {
    const next = open.filter((index) => {
      if (!isReady[index]) return true;
      const subtopology = subtopologies[index];
      const count = knownInputCount(subtopology, counts, existing);
      for (const sink of subtopology.repartitionSinkTopics) {
        if (counts.has(sink)) continue;
        counts.set(sink, count);
        for (const reader of readersOf.get(sink) ?? []) isReady[reader] = true;
      }
      return false;
    });
    if (next.length === open.length)
      throw invalid(
        "Failed to compute number of partitions for all repartition topics. There may be loops in the topology that cannot be resolved.",
      );
    open = next;
  }
}

function knownInputCount(
  subtopology: Subtopology,
  counts: ReadonlyMap<string, number>,
  existing: CountOf,
): number {
  let count = 0;
  for (const { name } of subtopology.repartitionSourceTopics)
    count = Math.max(count, counts.get(name) ?? 0);
  for (const topic of subtopology.sourceTopics) count = Math.max(count, existing(topic) ?? 0);
  return count;
}

/** Topics that are read together have equal numbers of partitions. */
class Copartition {
  readonly #fixed = new Set<string>();
  readonly #flexible = new Set<string>();
  readonly #countOf: CountOf;

  constructor(subtopologies: readonly Subtopology[], countOf: CountOf) {
    this.#countOf = countOf;
    for (const { repartitionSourceTopics } of subtopologies)
      for (const { name, partitions } of repartitionSourceTopics)
        (partitions === 0 ? this.#flexible : this.#fixed).add(name);
  }

  /** What the repartition topics among them are to have. */
  enforce(topics: ReadonlySet<string>): ReadonlyMap<string, number> {
    const isInternal = (topic: string) => this.#fixed.has(topic) || this.#flexible.has(topic);
    const internal = this.#counts([...topics].filter(isInternal));
    const external = this.#counts([...topics].filter((topic) => !isInternal(topic)));
    if (topics.size === 0) return internal;
    const count = external.size > 0 ? same(external) : this.#ofInternal(internal);
    for (const [topic, own] of internal)
      if (this.#fixed.has(topic) && own !== count)
        throw incorrect(
          `Number of partitions [${own}] of repartition topic [${topic}] doesn't match number of partitions [${count}] of the source topic.`,
        );
    return new Map([...internal.keys()].map((topic) => [topic, count]));
  }

  #ofInternal(internal: ReadonlyMap<string, number>): number {
    if (this.#fixed.size === 0) return Math.max(...internal.values());
    const [count, ...others] = [...this.#fixed].map((topic) => counted(this.#countOf, topic));
    if (others.some((other) => other !== count)) throw unequal(internal);
    return count;
  }

  #counts(topics: readonly string[]): ReadonlyMap<string, number> {
    return new Map(topics.map((topic) => [topic, counted(this.#countOf, topic)]));
  }
}

function same(counts: ReadonlyMap<string, number>): number {
  const [count, ...others] = counts.values();
  if (others.some((other) => other !== count)) throw unequal(counts);
  return count;
}

function unequal(counts: ReadonlyMap<string, number>): TopicFault {
  const sorted = [...counts].toSorted(([left], [right]) => byText(left, right));
  const text = sorted.map(([topic, count]) => `${topic}=${count}`).join(", ");
  return incorrect(`Following topics do not have the same number of partitions: [{${text}}]`);
}

function counted(countOf: CountOf, topic: string): number {
  const count = countOf(topic);
  if (count === undefined) throw invalid(`Number of partitions is not set for topic: ${topic}`);
  return count;
}

function incorrect(detail: string): TopicFault {
  return new TopicFault(statusCode.incorrectlyPartitionedTopics, detail);
}

function invalid(message: string): GroupRefusal {
  return new GroupRefusal(errorCode.streamsInvalidTopology, message);
}
