import { decodeVersionedForward, KafkaError } from "@millrace/protocol";
import {
  consumerProtocolAssignment,
  deleteGroupsApi,
  describeGroupsApi,
  listGroupsApi,
} from "@millrace/protocol/definitions";
import type { OffsetAndMetadata } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";
import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { clusterErrorOf, throwIfError } from "../connection/cluster-error-of.ts";
import { CommittedOffsets } from "../group/committed-offsets.ts";
import { callCoordinator } from "../metadata/coordinator-calls.ts";

/** A group as `listGroups` tells it. */
export interface GroupListing {
  readonly groupId: string;
  /** `consumer` for consumers; Kafka Connect and others have their own. */
  readonly protocolType: string;
  /** Kafka's word, such as `Stable` or `Empty`; empty on clusters before Kafka 2.6. */
  readonly state: string;
}

export interface GroupDescription extends GroupListing {
  /** The assignor that the members agreed upon. */
  readonly assignor: string;
  readonly members: readonly GroupMember[];
}

export interface GroupMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** Empty where the group is not one of consumers. */
  readonly partitions: readonly TopicPartition[];
}

/** Asks every broker for the groups that it coordinates. */
export async function listGroups(
  context: ClientContext,
  lane: BrokerLane,
  signal?: AbortSignal,
): Promise<readonly GroupListing[]> {
  await context.retry("metadata", { signal }, () => context.metadata.refresh());
  const lists = await Promise.all(
    [...context.metadata.brokers.keys()].map((nodeId) =>
      context.retry("ListGroups", { signal }, async () => {
        const answer = await lane.link(nodeId).call({ api: listGroupsApi, body: () => ({}) });
        throwIfError(answer.errorCode);
        return answer.groups;
      }),
    ),
  );
  return lists.flat().map(({ groupId, protocolType, groupState }) => ({
    groupId,
    protocolType,
    state: groupState,
  }));
}

/** @throws KafkaError `GROUP_ID_NOT_FOUND` */
export async function describeGroup(
  context: ClientContext,
  lane: BrokerLane,
  { groupId, signal }: { readonly groupId: string; readonly signal?: AbortSignal },
): Promise<GroupDescription> {
  const { answer } = await callCoordinator(
    context,
    { kind: "group", key: groupId, lane },
    {
      api: describeGroupsApi,
      body: () => ({ groups: [groupId] }),
      errorsOf: ({ groups }) => groups.map(({ errorCode }) => errorCode),
    },
    { signal },
  );
  const group = answer.groups.at(0);
  if (group === undefined || group.groupState === "Dead")
    throw new KafkaError("GROUP_ID_NOT_FOUND", `there is no group ${groupId}`);
  return {
    groupId,
    protocolType: group.protocolType,
    state: group.groupState,
    assignor: group.protocolData,
    members: group.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      partitions: group.protocolType === "consumer" ? partitionsOf(member.memberAssignment) : [],
    })),
  };
}

/** @throws KafkaError `NON_EMPTY_GROUP`, `GROUP_ID_NOT_FOUND` */
export async function deleteGroup(
  context: ClientContext,
  lane: BrokerLane,
  { groupId, signal }: { readonly groupId: string; readonly signal?: AbortSignal },
): Promise<void> {
  await callCoordinator(
    context,
    { kind: "group", key: groupId, lane },
    {
      api: deleteGroupsApi,
      body: () => ({ groupsNames: [groupId] }),
      errorsOf: ({ results }) => results.map(({ errorCode }) => errorCode),
    },
    { signal },
  ).catch((error: unknown) => {
    throw clusterErrorOf(`group ${groupId}`, error);
  });
}

/** All that a group has committed. */
export function groupOffsets(
  context: ClientContext,
  lane: BrokerLane,
  { groupId, signal }: { readonly groupId: string; readonly signal?: AbortSignal },
): Promise<readonly OffsetAndMetadata[]> {
  return new CommittedOffsets(context, { kind: "group", key: groupId, lane }).fetch(null, signal);
}

/** Commits from outside of a group; members would be fenced by it, so that the cluster refuses it while there are any. */
export async function alterGroupOffsets(
  context: ClientContext,
  lane: BrokerLane,
  {
    groupId,
    offsets,
    signal,
  }: {
    readonly groupId: string;
    readonly offsets: readonly OffsetAndMetadata[];
    readonly signal?: AbortSignal;
  },
): Promise<void> {
  const committed = new CommittedOffsets(context, { kind: "group", key: groupId, lane });
  await committed.commit(
    offsets,
    { generationId: -1, memberId: "", groupInstanceId: null },
    signal,
  );
}

function partitionsOf(assignment: Uint8Array): readonly TopicPartition[] {
  if (assignment.length === 0) return [];
  return decodeVersionedForward(consumerProtocolAssignment, assignment).assignedPartitions.flatMap(
    ({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })),
  );
}
