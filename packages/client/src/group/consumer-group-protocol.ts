import {
  ClusterError,
  type GroupMembershipOptions,
  type MemberSubscription,
  type PartitionAssignor,
} from "@millrace/cluster";
import type { JoinGroupResponse } from "@millrace/protocol/definitions";

import type { ClientContext } from "../client-context.ts";
import { decodeSubscription, encodeAssignment, encodeSubscription } from "./consumer-protocol.ts";
import type { GroupLead, GroupProtocol } from "./group-protocol.ts";

interface ConsumerGroup {
  readonly context: ClientContext;
  readonly options: GroupMembershipOptions;
}

/** Consumers, who share the partitions of topics by an assignor (Kafka: `ConsumerProtocol`). */
export function consumerGroupProtocol(group: ConsumerGroup): GroupProtocol {
  const { options } = group;
  return {
    type: "consumer",
    // As in Kafka: what all of them can do is what is done.
    keepsPartitions: options.assignors.every(
      ({ rebalanceProtocol }) => rebalanceProtocol === "cooperative",
    ),
    offers: (member) =>
      options.assignors.map((assignor) => ({
        name: assignor.name,
        metadata: encodeSubscription({
          ...member,
          topics: options.topics(),
          userData: assignor.subscriptionUserData(member.generationId),
          rackId: options.rackId ?? null,
        }),
      })),
    lead: (joined, signal) => lead(group, joined, signal),
  };
}

/** Assigns, unless the group keeps what it has, and says for which partitions. */
async function lead(
  { context, options }: ConsumerGroup,
  response: JoinGroupResponse,
  signal: AbortSignal | undefined,
): Promise<GroupLead> {
  const { metadata } = context;
  const members = response.members.map((member) => decodeSubscription(member.metadata, member));
  const topics = [...new Set(members.flatMap((member) => member.topics))];
  metadata.track(topics);
  if (topics.length > 0) await metadata.refresh();
  const counts = topicCounts(context, topics);
  if (response.skipAssignment) return { assignments: [], counts };
  const assignments = await assign(options, response.protocolName, { members, counts, signal });
  const missing = topics.filter((topic) => counts.get(topic) === 0);
  if (missing.length === 0) return { assignments, counts };
  // The assignor may have made them.
  await metadata.refresh();
  return { assignments, counts: new Map([...counts, ...topicCounts(context, missing)]) };
}

async function assign(
  options: GroupMembershipOptions,
  protocolName: string | null,
  group: {
    readonly members: readonly MemberSubscription[];
    readonly counts: ReadonlyMap<string, number>;
    readonly signal: AbortSignal | undefined;
  },
): Promise<GroupLead["assignments"]> {
  const assignor = options.assignors.find(({ name }) => name === protocolName);
  if (assignor === undefined) throw unknownAssignor(options, protocolName);
  const { members, signal } = group;
  const partitionCounts = new Map([...group.counts].filter(([, count]) => count > 0));
  const assigned = await assignor.assign({ members, partitionCounts }, signal);
  return [...assigned].map(([memberId, assignment]) => ({
    memberId,
    assignment: encodeAssignment(assignment),
  }));
}

function topicCounts(
  { metadata }: ClientContext,
  topics: readonly string[],
): ReadonlyMap<string, number> {
  return new Map(topics.map((name) => [name, metadata.topic(name)?.partitions.length ?? 0]));
}

function unknownAssignor(
  { groupId, assignors }: GroupMembershipOptions,
  name: string | null,
): ClusterError {
  const known = assignors.map((assignor: PartitionAssignor) => assignor.name).join(", ");
  return new ClusterError(
    "GROUP_REFUSED",
    `group ${groupId} has chosen the assignor ${name}, this member has ${known}`,
  );
}
