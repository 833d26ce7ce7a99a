import {
  decodeVersionedForward,
  encodeVersioned,
  ProtocolError,
  type Fields,
  type Message,
  type Decoded,
} from "@millrace/protocol";
import {
  consumerProtocolAssignment,
  type ConsumerProtocolAssignment,
  consumerProtocolSubscription,
  type ConsumerProtocolSubscription,
} from "@millrace/protocol/definitions";
import { Reader } from "@millrace/protocol/wire";
import type { GroupWorld } from "../group-world.ts";
import { byNumber, type PartitionEpochs, type PartitionSets } from "../partition-sets.ts";

/* What consumers of the classic protocol tell each other, which a consumer group has to understand. */

/** Undefined: it is no subscription. */
export function subscriptionIn(bytes: Uint8Array): ConsumerProtocolSubscription | undefined {
  return read(consumerProtocolSubscription, bytes);
}

/** Undefined: it is no assignment. Nothing at all is one without partitions. */
export function assignmentIn(bytes: Uint8Array): ConsumerProtocolAssignment | undefined {
  if (bytes.length === 0) return { assignedPartitions: [], userData: null };
  return read(consumerProtocolAssignment, bytes);
}

/** An assignment in the version of the member's own subscription. Topics that are gone are left out. */
export function assignmentBytes(
  world: GroupWorld,
  partitions: PartitionSets | PartitionEpochs,
  subscription: Uint8Array,
): Uint8Array {
  const assignedPartitions = [...partitions].flatMap(([topicId, set]) => {
    const topic = world.topics.topicName(topicId);
    return topic === undefined ? [] : [{ topic, partitions: [...set.keys()].toSorted(byNumber) }];
  });
  const version = Math.min(
    new Reader(subscription).readInt16(),
    consumerProtocolAssignment.versions.max,
  );
  return encodeVersioned(consumerProtocolAssignment, version, { assignedPartitions });
}

/** By ids of topics; topics that are not there are left out. */
export function partitionsById(
  world: GroupWorld,
  partitions: readonly { readonly topic: string; readonly partitions: readonly number[] }[],
): PartitionSets {
  const sets = new Map<string, Set<number>>();
  for (const { topic, partitions: numbers } of partitions) {
    const topicId = world.topics.topicId(topic);
    if (topicId !== undefined && numbers.length > 0) sets.set(topicId, new Set(numbers));
  }
  return sets;
}

function read<F extends Fields>(
  message: Message<F>,
  bytes: Uint8Array,
): Decoded<Message<F>> | undefined {
  try {
    return decodeVersionedForward(message, bytes);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
