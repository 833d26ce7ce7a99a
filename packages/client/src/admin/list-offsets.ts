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
  const found = new Map<string, Found>();
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
  return wanted.map((one) => {
    const { topic, partition } = one;
    return { topic, partition, ...(found.get(nameOf(one)) ?? { offset: -1, timestamp: -1 }) };
  });
}

type Found = Pick<FoundOffset, "offset" | "timestamp">;

interface Asking {
  readonly missing: readonly WantedOffset[];
  readonly isolation: IsolationLevel;
  readonly found: Map<string, Found>;
}

async function askLeaders(context: ClientContext, lane: BrokerLane, asking: Asking): Promise<void> {
  const byLeader = [...groupByLeader(context, asking.missing)];
  const requests = byLeader.flatMap(([leaderId, own]) =>
    apart(own).map((places) => ({ leaderId, places })),
  );
  const outcomes = await Promise.allSettled(
    requests.map((request) => askLeader(lane, { ...request, ...asking })),
  );
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

type Places = ReadonlyMap<string, WantedOffset>;

/** A request has each partition once: other points in time of it go into the next one. */
function apart(wanted: readonly WantedOffset[]): readonly Places[] {
  const requests: Map<string, WantedOffset>[] = [];
  for (const one of new Map(wanted.map((each) => [nameOf(each), each])).values()) {
    const place = topicPartitionName(one.topic, one.partition);
    const request = requests.find((places) => !places.has(place));
    if (request === undefined) requests.push(new Map([[place, one]]));
    else request.set(place, one);
  }
  return requests;
}

async function askLeader(
  lane: BrokerLane,
  {
    leaderId,
    places,
    isolation,
    found,
  }: Asking & { readonly leaderId: number; readonly places: Places },
): Promise<void> {
  const answer = await lane.link(leaderId).call({
    api: listOffsetsApi,
    // Before version 2 there is no isolation level.
    versionMin: isolation === "read_committed" ? 2 : 1,
    body: (version) => ({
      replicaId: -1,
      ...(version >= 2 ? { isolationLevel: isolationId(isolation) } : {}),
      topics: [...Map.groupBy(places.values(), ({ topic }) => topic)].map(([name, partitions]) => ({
        name,
        partitions: partitions.map(({ partition, at }) => ({
          partitionIndex: partition,
          timestamp: timeOf(at),
        })),
      })),
      timeoutMs: 30_000,
    }),
  });
  let failure: KafkaError | undefined;
  for (const { name, partitions } of answer.topics) {
    for (const { partitionIndex, errorCode, offset, timestamp } of partitions) {
      const one = places.get(topicPartitionName(name, partitionIndex));
      if (errorCode !== 0) failure ??= KafkaError.of(errorCode);
      else if (one !== undefined) found.set(nameOf(one), { offset, timestamp });
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

function timeOf(at: OffsetSpecification): number {
  if (typeof at !== "string") return at.timestamp;
  return at === "latest" ? latest : earliest;
}

function nameOf({ topic, partition, at }: WantedOffset): string {
  return `${timeOf(at)} ${topicPartitionName(topic, partition)}`;
}
