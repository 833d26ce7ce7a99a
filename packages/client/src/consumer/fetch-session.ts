import type { Offset } from "@millrace/model";
import type { FetchRequest } from "@millrace/protocol/definitions";

import type { AssignedPartition } from "./assigned-partition.ts";

/** What is asked of one partition. */
export interface FetchTarget {
  readonly assigned: AssignedPartition;
  readonly topicId: string | undefined;
  readonly leaderEpoch: number;
  readonly fetchOffset: Offset;
  /** Of what was fetched before; -1: unknown. */
  readonly lastEpoch: number;
  /** Bytes that the fetch may bring of it. */
  readonly bytesMax: number;
}

type RequestTopics = FetchRequest["topics"];
type ForgottenTopics = FetchRequest["forgottenTopicsData"];

/**
 * An incremental fetch session with one broker (KIP-227): after the first request only what has changed is
 * sent, and only what has news comes back.
 *
 * ```
 *   full (epoch 0) ──id given──> incremental (epoch 1, 2, …) ──error, or anew──> full, with the id of what it replaces
 *                                                          ──closed──> final (epoch -1)
 * ```
 */
export class FetchSession {
  #sessionId = 0;
  #epoch = 0;
  #known = new Map<string, FetchTarget>();
  #asked = new Map<string, FetchTarget>();

  /** The fields of the next request. */
  next(
    targets: readonly FetchTarget[],
    version: number,
  ): {
    readonly sessionId: number;
    readonly sessionEpoch: number;
    readonly topics: RequestTopics;
    readonly forgottenTopicsData: ForgottenTopics;
  } {
    this.#asked = new Map(
      targets.map((target) => [nameOf(target.assigned, target.topicId, version), target]),
    );
    if (this.#isAnyAssignedAnew()) this.reset();
    const isFull = this.#epoch === 0;
    const changed = isFull
      ? targets
      : targets.filter((target) => this.#hasChanged(target, version));
    const forgotten = isFull
      ? []
      : [...this.#known].filter(([name]) => !this.#asked.has(name)).map(([, target]) => target);
    return {
      sessionId: this.#sessionId,
      sessionEpoch: this.#epoch,
      topics: groupByTopic(changed, (target) => this.#partition(target)),
      forgottenTopicsData: groupByTopic(forgotten, ({ assigned }) => assigned.partition),
    };
  }

  /** The target of a row of the response; undefined for what was not asked. */
  find(topic: string, topicId: string, partition: number): FetchTarget | undefined {
    return this.#asked.get(`${topic}/${partition}`) ?? this.#asked.get(`${topicId}/${partition}`);
  }

  /** After a response without an error of the session. */
  succeeded(sessionId: number): void {
    if (sessionId !== this.#sessionId) {
      this.#sessionId = sessionId;
      this.#epoch = 0;
    }
    if (sessionId === 0) return this.reset();
    this.#epoch = this.#epoch === 0x7fffffff ? 1 : this.#epoch + 1;
    this.#known = this.#asked;
  }

  /** Of what the broker may keep of it; 0: nothing. */
  get id(): number {
    return this.#sessionId;
  }

  /** Begins anew with a full request, which ends what the broker keeps of it. */
  reset(): void {
    this.#epoch = 0;
    this.#known = new Map();
  }

  /**
   * What is assigned again where it was has not changed for the broker, which tells of it when something comes: where it
   * ends would not be known before.
   */
  #isAnyAssignedAnew(): boolean {
    for (const [name, { assigned }] of this.#asked) {
      const known = this.#known.get(name);
      if (known !== undefined && known.assigned !== assigned) return true;
    }
    return false;
  }

  #hasChanged(target: FetchTarget, version: number): boolean {
    const known = this.#known.get(nameOf(target.assigned, target.topicId, version));
    return (
      known === undefined ||
      known.fetchOffset !== target.fetchOffset ||
      known.lastEpoch !== target.lastEpoch ||
      known.leaderEpoch !== target.leaderEpoch ||
      known.bytesMax !== target.bytesMax
    );
  }

  #partition({
    assigned,
    leaderEpoch,
    fetchOffset,
    lastEpoch,
    bytesMax,
  }: FetchTarget): RequestTopics[number]["partitions"][number] {
    return {
      partition: assigned.partition,
      currentLeaderEpoch: leaderEpoch,
      fetchOffset,
      lastFetchedEpoch: lastEpoch,
      logStartOffset: -1,
      partitionMaxBytes: bytesMax,
      replicaDirectoryId: zeroId,
      highWatermark: 2 ** 63,
    };
  }
}

const zeroId = "AAAAAAAAAAAAAAAAAAAAAA";

function nameOf(assigned: AssignedPartition, topicId: string | undefined, version: number): string {
  return `${version >= 13 ? topicId : assigned.topic}/${assigned.partition}`;
}

function groupByTopic<Row>(
  targets: readonly FetchTarget[],
  rowOf: (target: FetchTarget) => Row,
): { topic: string; topicId: string; partitions: Row[] }[] {
  const topics = new Map<string, { topic: string; topicId: string; partitions: Row[] }>();
  for (const target of targets) {
    const { topic } = target.assigned;
    let group = topics.get(topic);
    if (group === undefined) {
      group = { topic, topicId: target.topicId ?? zeroId, partitions: [] };
      topics.set(topic, group);
    }
    group.partitions.push(rowOf(target));
  }
  return [...topics.values()];
}
