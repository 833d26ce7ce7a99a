import type { NewTopic, TopicResult } from "@millrace/cluster";
import { KafkaError } from "@millrace/protocol";
import {
  createPartitionsApi,
  createTopicsApi,
  deleteTopicsApi,
  type MetadataResponse,
} from "@millrace/protocol/definitions";
import { zeroUuid } from "@millrace/protocol/wire";
import type { TopicDescription } from "@millrace/cluster";
import { newTopics, topicNames, topicsToGrow } from "../argument-kinds.ts";
import { checkArguments } from "../arguments.ts";
import type { ClientContext } from "../client-context.ts";
import type { LaneLink } from "../connection/broker-lane.ts";
import { topicErrorOf } from "../connection/cluster-error-of.ts";

/** How long the cluster may take over making or removing topics, at most. */
const topicTimeoutMsMax = 30_000;
/** How much longer than that its answer may be under way. */
const answerMsMax = 5_000;
/** How long a new topic may take to be seen by the brokers that are asked. */
const settleTimeoutMs = 5_000;

/** A broker that is gone without a word must not take longer than the call as a whole may. */
function answerTimeoutMs({ options }: ClientContext): number {
  return Math.min(topicTimeoutMsMax + answerMsMax, options.apiTimeoutMs);
}

function topicTimeoutMs({ options }: ClientContext): number {
  return Math.min(topicTimeoutMsMax, options.apiTimeoutMs);
}

export function topicDescriptionOf(
  topic: MetadataResponse["topics"][number],
  brokers: MetadataResponse["brokers"],
): TopicDescription {
  const rackOf = (nodeId: number): string | undefined =>
    brokers.find((broker) => broker.nodeId === nodeId)?.rack ?? undefined;
  const racksOf = (replicas: readonly number[]): readonly string[] | undefined => {
    const racks = replicas.flatMap((nodeId) => rackOf(nodeId) ?? []);
    return racks.length < replicas.length || racks.length === 0 ? undefined : racks;
  };
  const byPartition = topic.partitions.toSorted(
    (left, right) => left.partitionIndex - right.partitionIndex,
  );
  return {
    name: topic.name ?? "",
    topicId: topic.topicId === zeroUuid ? undefined : topic.topicId,
    partitionCount: topic.partitions.length,
    isInternal: topic.isInternal,
    replicaRacks: byPartition.map(({ replicaNodes }) => racksOf(replicaNodes)),
  };
}

/** Makes topics and waits until they are there for all to see, with leaders. */
export async function createTopics(
  context: ClientContext,
  link: () => Promise<LaneLink>,
  topics: readonly NewTopic[],
  signal?: AbortSignal,
): Promise<readonly TopicResult[]> {
  checkArguments("admin.createTopics", { topics: [newTopics, topics] }, signal);
  if (topics.length === 0) return [];
  const results = await eachTopic(
    context,
    { what: "CreateTopics", topics, signal },
    async (own) => {
      const answer = await (
        await link()
      ).call({
        api: createTopicsApi,
        timeoutMs: answerTimeoutMs(context),
        // Defaults of the broker for partitions and replicas came with version 4.
        versionMin: own.some(needsDefaults) ? 4 : 2,
        body: () => ({
          topics: own.map(({ name, partitionCount, replicationFactor = -1, configs = {} }) => ({
            name,
            numPartitions: partitionCount,
            replicationFactor,
            assignments: [],
            configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
          })),
          timeoutMs: topicTimeoutMs(context),
        }),
      });
      return answer.topics;
    },
  );
  const made = results.filter(({ error }) => error === undefined).map(({ name }) => name);
  await untilSeen(context, made, signal);
  return results;
}

export async function createPartitions(
  context: ClientContext,
  link: () => Promise<LaneLink>,
  topics: readonly { readonly name: string; readonly partitionCount: number }[],
  signal?: AbortSignal,
): Promise<readonly TopicResult[]> {
  checkArguments("admin.createPartitions", { topics: [topicsToGrow, topics] }, signal);
  return eachTopic(context, { what: "CreatePartitions", topics, signal }, async (own) => {
    const answer = await (
      await link()
    ).call({
      api: createPartitionsApi,
      timeoutMs: answerTimeoutMs(context),
      body: () => ({
        topics: own.map(({ name, partitionCount }) => ({
          name,
          count: partitionCount,
          assignments: null,
        })),
        timeoutMs: topicTimeoutMs(context),
        validateOnly: false,
      }),
    });
    return answer.results;
  });
}

export async function deleteTopics(
  context: ClientContext,
  link: () => Promise<LaneLink>,
  topics: readonly string[],
  signal?: AbortSignal,
): Promise<readonly TopicResult[]> {
  checkArguments("admin.deleteTopics", { topics: [topicNames, topics] }, signal);
  const named = topics.map((name) => ({ name }));
  return eachTopic(context, { what: "DeleteTopics", topics: named, signal }, async (own) => {
    const answer = await (
      await link()
    ).call({
      api: deleteTopicsApi,
      timeoutMs: answerTimeoutMs(context),
      body: (version) => ({
        ...(version >= 6
          ? { topics: own.map(({ name }) => ({ name, topicId: zeroUuid })) }
          : { topicNames: own.map(({ name }) => name) }),
        timeoutMs: topicTimeoutMs(context),
      }),
    });
    return answer.responses;
  });
}

function needsDefaults({ partitionCount, replicationFactor = -1 }: NewTopic): boolean {
  return partitionCount < 0 || replicationFactor < 0;
}

/** Asks for all, then again for those whose errors may pass; one result per topic, in order. */
async function eachTopic<T extends { readonly name: string }>(
  context: ClientContext,
  {
    what,
    topics,
    signal,
  }: {
    readonly what: string;
    readonly topics: readonly T[];
    readonly signal?: AbortSignal;
  },
  ask: (own: readonly T[]) => Promise<
    readonly {
      readonly name: string | null;
      readonly errorCode: number;
      readonly errorMessage: string | null;
    }[]
  >,
): Promise<readonly TopicResult[]> {
  const settled = new Map<string, Error | undefined>();
  const pending = new Map<string, Error>();
  await context
    .retry(what, { signal }, async () => {
      pending.clear();
      for (const row of await ask(topics.filter(({ name }) => !settled.has(name)))) {
        if (row.name === null) continue;
        const error =
          row.errorCode === 0 ? undefined : KafkaError.of(row.errorCode, row.errorMessage);
        if (error?.retriable === true && error.code !== "UNKNOWN_TOPIC_OR_PARTITION")
          pending.set(row.name, error);
        else settled.set(row.name, error && topicErrorOf(row.name, error));
      }
      for (const error of pending.values()) throw error;
    })
    .catch((error: unknown) => {
      if (pending.size === 0) throw error;
    });
  return topics.map(({ name }) => ({ name, error: settled.get(name) ?? pending.get(name) }));
}

async function untilSeen(
  { metadata, platform }: ClientContext,
  topics: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const { clock, timers } = platform;
  const deadlineMs = clock.monotonicMs() + settleTimeoutMs;
  for (let waitMs = 10; topics.length > 0; waitMs = Math.min(2 * waitMs, 500)) {
    const answer = await metadata.ask(topics);
    const isSeen = answer.topics.every(
      ({ errorCode, partitions }) =>
        errorCode === 0 && partitions.every(({ leaderId }) => leaderId >= 0),
    );
    if (isSeen || clock.monotonicMs() + waitMs > deadlineMs) return;
    await timers.sleep(waitMs, signal);
  }
}
