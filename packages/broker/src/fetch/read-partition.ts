import { LogCorruptedError, LogRequestError, type ReadMemory } from "@millrace/log";
import { errorCodeOf, KafkaError } from "@millrace/protocol";
import { zeroUuid } from "@millrace/protocol/wire";
import { errorCodeOfFailure } from "../partition/failure-name.ts";
import { checkLeaderEpoch } from "../partition/check-leader-epoch.ts";
import type { Partition } from "../partition/partition.ts";
import type { Partitions } from "../partition/partitions.ts";
import { after, type Turns } from "../server/turns.ts";
import type { UnreadAnswers } from "../server/unread-answers.ts";
import type { FetchedPartition, FetchResponsePartition, FetchTarget } from "./fetch-types.ts";

export interface FetchLimits {
  readonly isCommittedOnly: boolean;
  /** Bytes of all partitions together. */
  readonly maxBytes: number;
  readonly minBytes: number;
}

/** What is read from, and where a long read gives way. */
export interface FetchWorld {
  readonly partitions: Partitions;
  readonly turns: Turns;
  readonly readMemory: ReadMemory;
  readonly unread: UnreadAnswers;
}

/**
 * Reads all targets within the limits; the first batch of all may exceed them (KIP-74). What is read counts as an answer
 * that nobody takes, since it may take many turns: where there are many of those, each gets less.
 */
export function readPartitions(
  { partitions, turns, readMemory, unread }: FetchWorld,
  targets: readonly FetchTarget[],
  limits: FetchLimits,
): readonly FetchedPartition[] | Promise<readonly FetchedPartition[]> {
  let remaining = limits.maxBytes;
  let minOneBatch = true;
  let heldBytes = 0;
  const reading = turns.map(targets, (target) => {
    const maxBytes = Math.min(target.maxBytes, remaining, unread.answerBytesMax);
    const one = readPartition(partitions, target, {
      maxBytes,
      minOneBatch,
      isCommittedOnly: limits.isCommittedOnly,
      memory: readMemory,
    });
    if (one.sizeBytes > 0) minOneBatch = false;
    remaining = Math.max(0, remaining - one.sizeBytes);
    heldBytes += one.sizeBytes;
    unread.add(one.sizeBytes);
    return one;
  });
  return after(reading, (found) => {
    unread.add(-heldBytes);
    return found;
  });
}

/** Reads one target, as far as it wants. */
export function readTarget(
  { partitions, readMemory }: FetchWorld,
  target: FetchTarget,
  { isCommittedOnly, minOneBatch }: Pick<PartitionLimits, "isCommittedOnly" | "minOneBatch">,
): FetchedPartition {
  const { maxBytes } = target;
  return readPartition(partitions, target, {
    maxBytes,
    minOneBatch,
    isCommittedOnly,
    memory: readMemory,
  });
}

interface PartitionLimits {
  readonly maxBytes: number;
  readonly minOneBatch: boolean;
  readonly isCommittedOnly: boolean;
  readonly memory: ReadMemory;
}

function readPartition(
  partitions: Partitions,
  target: FetchTarget,
  limits: PartitionLimits,
): FetchedPartition {
  try {
    const partition = partitions.find(target.topic ?? "", target.partition);
    if (partition === undefined || partition.failure?.code === "LOG_CLOSED")
      throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION");
    if (partition.failure !== undefined) throw partition.failure;
    if (!isOfTopic(partition, target.topicId)) throw new KafkaError("INCONSISTENT_TOPIC_ID");
    checkLeaderEpoch(partition, target.currentLeaderEpoch);
    return read(partition, target, limits);
  } catch (error) {
    const code =
      error instanceof LogCorruptedError
        ? errorCodeOf("CORRUPT_MESSAGE")
        : errorCodeOfFailure(error);
    return unreadable(target, code, null);
  }
}

/** False: it is of a topic that was made since, with the name of the one that was asked for by its id. */
export function isOfTopic(partition: Partition, topicId: string): boolean {
  return topicId === zeroUuid || topicId === partition.topicId;
}

/** What is told of a partition that cannot be read. */
export function unreadable(
  target: FetchTarget,
  errorCode: number,
  abortedTransactions: [] | null,
): FetchedPartition {
  const response: FetchResponsePartition = {
    partitionIndex: target.partition,
    errorCode,
    highWatermark: -1,
    abortedTransactions,
    records: [],
  };
  return { target, response, sizeBytes: 0, nextOffset: target.fetchOffset };
}

function read(
  partition: Partition,
  target: FetchTarget,
  limits: PartitionLimits,
): FetchedPartition {
  const { fetchOffset } = target;
  const { highWatermark, lastStableOffset, logStartOffset } = partition;
  const state = { errorCode: 0, highWatermark, lastStableOffset, logStartOffset };
  const divergingEpoch = divergingEpochOf(partition, target);
  if (divergingEpoch !== undefined) {
    const response = {
      partitionIndex: target.partition,
      ...state,
      divergingEpoch,
      abortedTransactions: null,
      records: [],
    };
    return { target, response, sizeBytes: 0, nextOffset: fetchOffset };
  }
  const upTo = limits.isCommittedOnly ? lastStableOffset : highWatermark;
  // Not "out of range", which would make consumers jump to an end of the log in silence, nor "nothing yet": what
  // they wait for, such as the end of a transaction, may be what is damaged.
  if (partition.damage !== undefined && fetchOffset >= upTo)
    throw new LogCorruptedError(partition.damage);
  if (fetchOffset < logStartOffset || fetchOffset > partition.logEndOffset)
    throw new LogRequestError("OFFSET_OUT_OF_RANGE", `offset ${fetchOffset} is not there`);
  if (fetchOffset < upTo && limits.maxBytes < 0)
    throw new KafkaError("UNKNOWN_SERVER_ERROR", "a limit of a fetch is below 0");
  const slice = fetchOffset >= upTo ? undefined : partition.read(fetchOffset, { ...limits, upTo });
  const parts = slice === undefined ? [] : [...slice.parts];
  let sizeBytes = slice?.sizeBytes ?? 0;
  if (slice !== undefined && sizeBytes > 0 && limits.maxBytes > sizeBytes) {
    // What room is left has the begin of the next batch, as with Kafka, whose files know no batches: clients leave it
    // aside, and see by it that there is more.
    const cut = slice.rest.subarray(0, limits.maxBytes - sizeBytes);
    if (cut.length > 0) parts.push(cut);
    sizeBytes += cut.length;
  }
  const abortedTransactions = limits.isCommittedOnly
    ? slice === undefined || sizeBytes === 0
      ? []
      : partition.abortedTransactions(fetchOffset, slice.nextOffset)
    : null;
  const response = {
    partitionIndex: target.partition,
    ...state,
    abortedTransactions,
    records: parts,
  };
  return { target, response, sizeBytes, nextOffset: slice?.nextOffset ?? fetchOffset };
}

/** Where the client's log and this one part, if its last epoch says that they do (KIP-595). */
function divergingEpochOf(
  partition: Partition,
  target: FetchTarget,
): { readonly epoch: number; readonly endOffset: number } | undefined {
  if (target.lastFetchedEpoch < 0) return undefined;
  const end = partition.endOffsetForEpoch(target.lastFetchedEpoch);
  if (end === undefined || end.leaderEpoch < 0)
    throw new LogRequestError(
      "OFFSET_OUT_OF_RANGE",
      `epoch ${target.lastFetchedEpoch} is not there`,
    );
  const isDiverging =
    end.leaderEpoch < target.lastFetchedEpoch || end.endOffset < target.fetchOffset;
  return isDiverging ? { epoch: end.leaderEpoch, endOffset: end.endOffset } : undefined;
}
