import { ClusterError } from "@millrace/cluster";
import {
  findCoordinatorApi,
  KafkaError,
  metadataApi,
  type FindCoordinatorResponse,
  type MetadataResponse,
} from "@millrace/protocol";

import { Backoff } from "../connection/backoff.ts";
import { raceSignal, type ClusterConnections } from "../connection/cluster-connections.ts";
import { errorOf, isCoordinatorBusy, isStaleCoordinator } from "../kafka-failure.ts";

export interface TopicMetadata {
  readonly name: string;
  /** Undefined where the cluster has none. */
  readonly topicId: string | undefined;
  readonly isInternal: boolean;
  /** By index. */
  readonly partitions: readonly PartitionMetadata[];
}

export interface PartitionMetadata {
  readonly partition: number;
  /** -1: none at the moment. */
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

export type CoordinatorKind = "group" | "transaction";

const zeroTopicId = "AAAAAAAAAAAAAAAAAAAAAA";
const keyTypes: Readonly<Record<CoordinatorKind, number>> = { group: 0, transaction: 1 };

/** Which topics a cluster has, and which broker leads or coordinates what. Kept until told that it is stale. */
export class ClusterMetadata {
  clusterId: string | undefined = undefined;
  controllerId = -1;
  readonly #connections: ClusterConnections;
  readonly #topics = new Map<string, TopicMetadata>();
  readonly #stale = new Set<string>();
  readonly #coordinators = new Map<string, number>();
  readonly #asking = new Map<string, Promise<ReadonlyMap<string, TopicMetadata>>>();

  constructor(connections: ClusterConnections) {
    this.#connections = connections;
  }

  /** What is known of a topic; undefined: nothing (yet), or it is not there. */
  topic(name: string): TopicMetadata | undefined {
    return this.#topics.get(name);
  }

  leaderOf(
    topic: string,
    partition: number,
  ): { readonly nodeId: number; readonly leaderEpoch: number } | undefined {
    if (this.#stale.has(topic)) return undefined;
    const found = this.#topics.get(topic)?.partitions[partition];
    if (found === undefined || found.leaderId < 0) return undefined;
    return { nodeId: found.leaderId, leaderEpoch: found.leaderEpoch };
  }

  /** Asks the cluster now. Topics that are not there are left out. Equal questions are asked once. */
  refresh(
    topics: readonly string[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, TopicMetadata>> {
    const wanted = [...new Set(topics)].sort();
    const name = wanted.join(",");
    let answer = this.#asking.get(name);
    if (answer === undefined) {
      answer = this.#ask(wanted).finally(() => this.#asking.delete(name));
      this.#asking.set(name, answer);
    }
    return signal === undefined ? answer : raceSignal(answer, signal);
  }

  /** From what is known, where all leaders are; else asks. */
  async resolve(
    topics: readonly string[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, TopicMetadata>> {
    const known = new Map<string, TopicMetadata>();
    for (const name of topics) {
      const topic = this.#topics.get(name);
      const isComplete = topic?.partitions.every(({ leaderId }) => leaderId >= 0) ?? false;
      if (topic === undefined || !isComplete || this.#stale.has(name)) {
        return this.refresh(topics, signal);
      }
      known.set(name, topic);
    }
    return known;
  }

  /** All topics of the cluster. */
  async all(signal?: AbortSignal): Promise<readonly TopicMetadata[]> {
    const response = await this.#connections.requestAny(
      metadataApi,
      { topics: null, allowAutoTopicCreation: false },
      { signal },
    );
    return [...this.#learn(response).values()];
  }

  forgetLeaders(topic: string): void {
    this.#stale.add(topic);
  }

  /** The broker that coordinates a group or transactional id. Waits while there is none. */
  async coordinator(kind: CoordinatorKind, key: string, signal?: AbortSignal): Promise<number> {
    const backoff = new Backoff(this.#connections.platform);
    for (;;) {
      const known = this.#coordinators.get(`${kind}:${key}`);
      if (known !== undefined) return known;
      const answer = await this.#findCoordinator(kind, key, signal);
      if (answer === undefined) await backoff.wait(signal ?? this.#connections.closed);
    }
  }

  forgetCoordinator(kind: CoordinatorKind, key: string): void {
    this.#coordinators.delete(`${kind}:${key}`);
  }

  async #findCoordinator(
    kind: CoordinatorKind,
    key: string,
    signal?: AbortSignal,
  ): Promise<number | undefined> {
    const keyType = keyTypes[kind];
    const response = await this.#connections.requestAny(
      findCoordinatorApi,
      (version) => (version >= 4 ? { keyType, coordinatorKeys: [key] } : { keyType, key }),
      { signal },
    );
    const found = onlyCoordinator(response);
    const error = errorOf(found.errorCode, found.errorMessage);
    if (error === undefined) {
      this.#connections.learn([found]);
      this.#coordinators.set(`${kind}:${key}`, found.nodeId);
      return found.nodeId;
    }
    if (isStaleCoordinator(error) || isCoordinatorBusy(error)) return undefined;
    throw new ClusterError("GROUP_REFUSED", `no coordinator for ${kind} ${key}: ${error.message}`, {
      cause: error,
    });
  }

  async #ask(topics: readonly string[]): Promise<ReadonlyMap<string, TopicMetadata>> {
    const response = await this.#connections.requestAny(metadataApi, {
      topics: topics.map((name) => ({ name })),
      allowAutoTopicCreation: false,
    });
    const answer = this.#learn(response);
    for (const name of topics) if (!answer.has(name)) this.#topics.delete(name);
    return answer;
  }

  #learn(response: MetadataResponse): ReadonlyMap<string, TopicMetadata> {
    const failure = errorOf(response.errorCode);
    if (failure !== undefined) throw failure;
    this.#connections.learn(response.brokers);
    this.clusterId = response.clusterId ?? undefined;
    this.controllerId = response.controllerId;
    const answer = new Map<string, TopicMetadata>();
    for (const topic of response.topics) {
      const error = errorOf(topic.errorCode);
      if (topic.name === null || isAbsent(error)) continue;
      if (error !== undefined && !error.retriable) throw error;
      const known = topicOf(topic, topic.name);
      this.#topics.set(known.name, known);
      if (error === undefined) this.#stale.delete(known.name);
      answer.set(known.name, known);
    }
    return answer;
  }
}

function isAbsent(error: KafkaError | undefined): boolean {
  return error?.code === "UNKNOWN_TOPIC_OR_PARTITION" || error?.code === "INVALID_TOPIC_EXCEPTION";
}

function topicOf(topic: MetadataResponse["topics"][number], name: string): TopicMetadata {
  const partitions: PartitionMetadata[] = [];
  for (const { partitionIndex, leaderId, leaderEpoch } of topic.partitions) {
    partitions[partitionIndex] = { partition: partitionIndex, leaderId, leaderEpoch };
  }
  return {
    name,
    topicId: topic.topicId === zeroTopicId ? undefined : topic.topicId,
    isInternal: topic.isInternal,
    partitions,
  };
}

function onlyCoordinator(
  response: FindCoordinatorResponse,
): FindCoordinatorResponse["coordinators"][number] {
  const [first] = response.coordinators;
  if (first !== undefined) return first;
  const { errorCode, errorMessage, nodeId, host, port } = response;
  return { key: "", errorCode, errorMessage, nodeId, host, port };
}
