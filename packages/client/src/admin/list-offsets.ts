import type { OffsetSpecification } from "@millrace/cluster";
import { topicPartitionName, type Offset, type TopicPartition } from "@millrace/model";
import { KafkaError } from "@millrace/protocol";
import { listOffsetsApi } from "@millrace/protocol/definitions";
import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { throwIfError } from "../connection/cluster-error-of.ts";

export type IsolationLevel = "read_committed" | "read_uncommitted";

/** The number of an isolation level on the wire. */
export function isolationId(isolation: IsolationLevel): number {
  return isolation === "read_committed" ? 1 : 0;
}

export type WantedOffset = TopicPartition & { readonly at: OffsetSpecification };
export type FoundOffset = TopicPartition & { readonly offset: Offset; readonly timestamp: number };

const latest = -1;
const earliest = -2;

/**
 * Asks the leaders, each once per attempt, for the offsets that belong to points in time; results in the
 * order of what was wanted.
 */
export async function listOffsets(
  context: ClientContext,
  lane: BrokerLane,
  wanted: readonly WantedOffset[],
  { isolation, signal }: { readonly isolation: IsolationLevel; readonly signal?: AbortSignal },
): Promise<readonly FoundOffset[]> {
  if (wanted.length === 0) return [];
  const found = new Map<string, FoundOffset>();
  await context.retry("ListOffsets", { signal }, async (timeoutMs) => {
    const missing = wanted.filter((one) => !found.has(nameOf(one)));
    await context.knowPartitions(missing, { signal, timeoutMs });
    try {
      await askLeaders(context, lane, { missing, isolation, found });
    } catch (error) {
      await context.metadata.refresh();
      throw error;
    }
  });
  return wanted.map((one) => found.get(nameOf(one)) ?? { ...one, offset: -1, timestamp: -1 });
}

interface Asking {
  readonly missing: readonly WantedOffset[];
  readonly isolation: IsolationLevel;
  readonly found: Map<string, FoundOffset>;
}

async function askLeaders(context: ClientContext, lane: BrokerLane, asking: Asking): Promise<void> {
  const byLeader = groupByLeader(context, asking.missing);
  const outcomes = await Promise.allSettled(
    [...byLeader].map(async ([leaderId, own]) => askLeader(lane, { leaderId, own, ...asking })),
  );
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

async function askLeader(
  lane: BrokerLane,
  {
    leaderId,
    own,
    isolation,
    found,
  }: Asking & { readonly leaderId: number; readonly own: readonly WantedOffset[] },
): Promise<void> {
  const answer = await lane.link(leaderId).call({
    api: listOffsetsApi,
    // Before version 2 there is no isolation level.
    versionMin: isolation === "read_committed" ? 2 : 1,
    body: (version) => ({
      replicaId: -1,
      ...(version >= 2 ? { isolationLevel: isolationId(isolation) } : {}),
      topics: [...Map.groupBy(own, ({ topic }) => topic)].map(([name, partitions]) => ({
        name,
        partitions: partitions.map(({ partition, at }) => ({
          partitionIndex: partition,
          timestamp: at === "latest" ? latest : at === "earliest" ? earliest : at.timestamp,
        })),
      })),
      timeoutMs: 30_000,
    }),
  });
  let failure: KafkaError | undefined;
  for (const { name, partitions } of answer.topics) {
    for (const { partitionIndex, errorCode, offset, timestamp } of partitions) {
      const one = { topic: name, partition: partitionIndex };
      if (errorCode === 0) found.set(nameOf(one), { ...one, offset, timestamp });
      else failure ??= KafkaError.of(errorCode);
    }
  }
  throwIfError(failure?.errorCode ?? 0);
}

/** @throws KafkaError `LEADER_NOT_AVAILABLE`: of a partition that is known, and may get one */
export function groupByLeader<P extends TopicPartition>(
  { metadata }: ClientContext,
  partitions: readonly P[],
): ReadonlyMap<number, readonly P[]> {
  const byLeader = new Map<number, P[]>();
  for (const one of partitions) {
    const leaderId = metadata.leaderId(one.topic, one.partition);
    if (leaderId === undefined) throw new KafkaError("LEADER_NOT_AVAILABLE");
    const own = byLeader.get(leaderId);
    if (own === undefined) byLeader.set(leaderId, [one]);
    else own.push(one);
  }
  return byLeader;
}

function nameOf({ topic, partition }: TopicPartition): string {
  return topicPartitionName(topic, partition);
}
