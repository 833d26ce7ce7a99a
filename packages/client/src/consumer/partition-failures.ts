import { OffsetOutOfRangeError, PartitionError } from "@millrace/cluster";
import { topicPartitionName, type Offset } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import type { KafkaError } from "@millrace/protocol";
import { listOffsets, type IsolationLevel } from "../admin/list-offsets.ts";
import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { clusterCodeOf, clusterErrorOf } from "../connection/cluster-error-of.ts";
import type { AssignedPartition } from "./assigned-partition.ts";

/** How long a partition may be unknown, as after its making, before it counts as gone. */
const unknownMsMax = 10_000;
/** The same until the log says that it is waited for: a new topic is unknown to some brokers for a moment. */
const quietMs = 1000;

/** Why a partition cannot be read any more; undefined: it can, or may be in a moment. */
export function goneOf(
  assigned: AssignedPartition,
  told: {
    readonly topicId: string | undefined;
    readonly error: KafkaError | undefined;
    readonly nowMs: number;
  },
): Error | undefined {
  const { topic, partition, topicId: before, unknown } = assigned;
  const name = topicPartitionName(topic, partition);
  if (before !== undefined && told.topicId !== undefined && told.topicId !== before) {
    return new PartitionError("TOPIC_RECREATED", assigned, {
      message: `topic ${topic} was deleted and made anew; offsets of ${name} mean nothing now: assign it again`,
    });
  }
  if (told.error !== undefined && !told.error.retriable) return refusedFor(assigned, told.error);
  if (unknown.sinceMs === undefined || told.nowMs - unknown.sinceMs < unknownMsMax)
    return undefined;
  return new PartitionError("TOPIC_NOT_FOUND", assigned, {
    message: `there is no partition ${name}; was its topic deleted, or its name mistyped?`,
  });
}

/** Says once what is waited for. */
export function sayWaiting(
  partitions: Iterable<AssignedPartition>,
  { clock, logger }: Platform,
): void {
  const nowMs = clock.monotonicMs();
  const missing = new Set<string>();
  const leaderless: string[] = [];
  for (const { topic, partition, unknown, leaderless: isLeaderless } of partitions) {
    if (unknown.isToBeSaid(quietMs, nowMs)) missing.add(topic);
    if (isLeaderless.isToBeSaid(quietMs, nowMs))
      leaderless.push(topicPartitionName(topic, partition));
  }
  if (missing.size > 0)
    logger.log("warn", "client.partitions-missing", {
      topics: [...missing].join(", "),
      advice: `the cluster does not know them; reading them ends in ${unknownMsMax / 1000} s unless it does by then`,
    });
  if (leaderless.length > 0)
    logger.log("warn", "client.partitions-leaderless", {
      partitions: leaderless.join(", "),
      advice: "no broker leads them, so that they are waited for; see what the brokers say of them",
    });
}

/** Why a partition is refused for good. */
export function refusedFor(assigned: AssignedPartition, cause: KafkaError): Error {
  const { topic, partition, fetchOffset } = assigned;
  const name = topicPartitionName(topic, partition);
  if (cause.code === "CORRUPT_MESSAGE")
    return new PartitionError("BATCH_UNREADABLE", assigned, {
      message: `${name} cannot be read from offset ${fetchOffset} on: ${cause.message}. Its log is damaged: see what the broker says of it, or go on from an offset behind the damage`,
      cause,
    });
  if (clusterCodeOf(cause) !== "NOT_AUTHORIZED") return clusterErrorOf(`reading ${name}`, cause);
  return new PartitionError("NOT_AUTHORIZED", assigned, {
    message: `reading ${name}: ${cause.message}`,
    cause,
  });
}

/** Asks what the log of a partition holds whose next offset is not there. */
export async function findOutOfRange(
  context: ClientContext,
  lane: BrokerLane,
  lost: {
    readonly assigned: AssignedPartition;
    readonly divergentOffset: Offset | undefined;
    readonly isolation: IsolationLevel;
    readonly signal: AbortSignal;
  },
): Promise<OffsetOutOfRangeError> {
  const { assigned, divergentOffset, isolation, signal } = lost;
  const { topic, partition, fetchOffset: offset } = assigned;
  const [start, end] = await Promise.all(
    (["earliest", "latest"] as const).map((at) =>
      listOffsets(context, lane, [{ topic, partition, at }], { isolation, signal }),
    ),
  );
  const bounds = { startOffset: start[0].offset, endOffset: end[0].offset };
  return new OffsetOutOfRangeError(assigned, { offset, ...bounds, divergentOffset });
}
