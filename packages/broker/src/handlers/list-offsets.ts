import { errorCodeOf, type ErrorName, type Given } from "@millrace/protocol";
import {
  listOffsetsApi,
  type ListOffsetsRequest,
  type listOffsetsResponse,
} from "@millrace/protocol/definitions";
import type { BrokerServices } from "../broker-services.ts";
import { checkLeaderEpoch } from "../partition/check-leader-epoch.ts";
import type { Partition } from "../partition/partition.ts";
import type { Handler, HandlerAnswer } from "../server/handler.ts";
import { type RequestContext, topicResource } from "../server/request-context.ts";
import { after } from "../server/turns.ts";
import { errorCodeOfFailure } from "../partition/failure-name.ts";

/*
 * ListOffsets, versions 1 to 11. Special timestamps, and the version that brought them:
 *   -1 latest (1)    -2 earliest (1)    -3 of the largest timestamp (7)    -4 earliest local (8)
 *   -5 latest tiered (9)    -6 earliest not yet uploaded (11)
 * Without tiered storage -4 is the earliest, and -5 and -6 are nowhere.
 */

type Response = Given<typeof listOffsetsResponse>;
type ResponsePartition = Response["topics"][number]["partitions"][number];
type RequestPartition = ListOffsetsRequest["topics"][number]["partitions"][number];

const latestTimestamp = -1;
const earliestTimestamp = -2;
const greatestTimestamp = -3;
const earliestLocalTimestamp = -4;
const latestTieredTimestamp = -5;
const earliestPendingUploadTimestamp = -6;

const sinceVersion: ReadonlyMap<number, number> = new Map([
  [greatestTimestamp, 7],
  [earliestLocalTimestamp, 8],
  [latestTieredTimestamp, 9],
  [earliestPendingUploadTimestamp, 11],
]);

const consumerReplicaId = -1;
const readCommitted = 1;

export class ListOffsetsHandler implements Handler<ListOffsetsRequest, Response> {
  readonly api = listOffsetsApi;
  readonly #services: BrokerServices;

  constructor(services: BrokerServices) {
    this.#services = services;
  }

  /** A topic that is named twice is answered once; a partition that is, is refused. */
  handle(context: RequestContext, request: ListOffsetsRequest): HandlerAnswer<Response> {
    const topics = new Map<string, Map<number, AskedPartition>>();
    for (const { name, partitions } of request.topics) {
      const topic = topics.get(name) ?? new Map<number, AskedPartition>();
      topics.set(name, topic);
      for (const asked of partitions) {
        const { partitionIndex } = asked;
        const isTwice = topic.has(partitionIndex);
        topic.set(partitionIndex, { name, asked, isTwice });
      }
    }
    const lists = Array.from(topics.values(), (topic) => [...topic.values()]);
    const answered = context.turns.mapLists(lists, (one) => this.#answer(context, request, one));
    return after(answered, (answers) => ({
      throttleTimeMs: context.throttleMs,
      topics: [...topics.keys()].map((name, index) => ({ name, partitions: answers[index] })),
    }));
  }

  #answer(
    context: RequestContext,
    request: ListOffsetsRequest,
    { name, asked, isTwice }: AskedPartition,
  ): ResponsePartition {
    if (!context.authorize("DESCRIBE", topicResource(name)))
      return absent(asked, "TOPIC_AUTHORIZATION_FAILED");
    return isTwice
      ? absent(asked, "INVALID_REQUEST")
      : this.#partition(context, request, name, asked);
  }

  #partition(
    context: RequestContext,
    request: ListOffsetsRequest,
    topic: string,
    asked: RequestPartition,
  ): ResponsePartition {
    if (!isSupported(asked.timestamp, context.apiVersion))
      return absent(asked, "UNSUPPORTED_VERSION");
    const partitionCount = this.#services.image.partitionCount(topic) ?? 0;
    if (asked.partitionIndex < 0 || asked.partitionIndex >= partitionCount)
      return absent(asked, "UNKNOWN_TOPIC_OR_PARTITION");
    const partition = this.#services.partitions.find(topic, asked.partitionIndex);
    if (partition === undefined) return absent(asked, "NOT_LEADER_OR_FOLLOWER");
    try {
      if (partition.failure !== undefined) throw partition.failure;
      checkLeaderEpoch(partition, asked.currentLeaderEpoch);
      const found = find(partition, request, asked.timestamp);
      if (found === undefined) return absent(asked, "NONE");
      const { timestamp, offset, leaderEpoch } = found;
      const told = context.apiVersion >= 4 ? { leaderEpoch } : {};
      return { partitionIndex: asked.partitionIndex, errorCode: 0, timestamp, offset, ...told };
    } catch (error) {
      return { ...absent(asked, "NONE"), errorCode: errorCodeOfFailure(error) };
    }
  }
}

interface AskedPartition {
  readonly name: string;
  readonly asked: RequestPartition;
  readonly isTwice: boolean;
}

interface Found {
  readonly timestamp: number;
  readonly offset: number;
  readonly leaderEpoch: number;
}

function find(
  partition: Partition,
  request: ListOffsetsRequest,
  timestamp: number,
): Found | undefined {
  const isCommittedOnly = request.isolationLevel === readCommitted;
  const isConsumer = request.replicaId === consumerReplicaId;
  const end = !isConsumer
    ? partition.logEndOffset
    : isCommittedOnly
      ? partition.lastStableOffset
      : partition.highWatermark;
  switch (timestamp) {
    case latestTimestamp:
      partition.checkSound();
      return { timestamp: -1, offset: end, leaderEpoch: partition.leaderEpoch };
    case earliestTimestamp:
    case earliestLocalTimestamp: {
      const offset = partition.logStartOffset;
      return { timestamp: -1, offset, leaderEpoch: partition.epochForOffset(offset) };
    }
    case latestTieredTimestamp:
    case earliestPendingUploadTimestamp:
      return { timestamp: -1, offset: -1, leaderEpoch: -1 };
    case greatestTimestamp:
      partition.checkSound();
      return visible(partition.maxTimestamp(), end);
    default:
      return visible(partition.offsetForTimestamp(timestamp), end);
  }
}

function visible(found: Found | undefined, end: number): Found | undefined {
  return found !== undefined && found.offset < end ? found : undefined;
}

function isSupported(timestamp: number, version: number): boolean {
  if (timestamp >= earliestTimestamp) return true;
  const since = sinceVersion.get(timestamp);
  return since !== undefined && version >= since;
}

function absent(asked: RequestPartition, error: ErrorName): ResponsePartition {
  return {
    partitionIndex: asked.partitionIndex,
    errorCode: errorCodeOf(error),
    timestamp: -1,
    offset: -1,
  };
}
