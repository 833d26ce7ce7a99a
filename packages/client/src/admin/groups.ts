import { deleteGroupsApi, listGroupsApi } from "@millrace/protocol/definitions";
import type { OffsetAndMetadata } from "@millrace/cluster";
import { groupName, offsetsToCommit } from "../argument-kinds.ts";
import { checkArguments } from "../arguments.ts";
import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { clusterErrorOf, throwIfError } from "../connection/cluster-error-of.ts";
import { CommittedOffsets } from "../group/committed-offsets.ts";
import { callCoordinator } from "../metadata/coordinator-calls.ts";

/** A group as `listGroups` tells it. */
export interface GroupListing {
  readonly groupId: string;
  /** `classic`, `consumer` (KIP-848), `share` or `streams`; empty on clusters before Kafka 3.8. */
  readonly type: string;
  /** `consumer` for consumers; Kafka Connect and others have their own. */
  readonly protocolType: string;
  /** Kafka's word, such as `Stable` or `Empty`; empty on clusters before Kafka 2.6. */
  readonly state: string;
}

/** Asks every broker for the groups that it coordinates. */
export async function listGroups(
  context: ClientContext,
  lane: BrokerLane,
  signal?: AbortSignal,
): Promise<readonly GroupListing[]> {
  checkArguments("admin.listGroups", {}, signal);
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
  return lists.flat().map(({ groupId, groupType, protocolType, groupState }) => ({
    groupId,
    type: groupType,
    protocolType,
    state: groupState,
  }));
}

/** @throws KafkaError `NON_EMPTY_GROUP`, `GROUP_ID_NOT_FOUND` */
export async function deleteGroup(
  context: ClientContext,
  lane: BrokerLane,
  { groupId, signal }: { readonly groupId: string; readonly signal?: AbortSignal },
): Promise<void> {
  checkArguments("admin.deleteGroup", { groupId: [groupName, groupId] }, signal);
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
export async function groupOffsets(
  context: ClientContext,
  lane: BrokerLane,
  { groupId, signal }: { readonly groupId: string; readonly signal?: AbortSignal },
): Promise<readonly OffsetAndMetadata[]> {
  checkArguments("admin.groupOffsets", { groupId: [groupName, groupId] }, signal);
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
  const checks = { groupId: [groupName, groupId], offsets: [offsetsToCommit, offsets] } as const;
  checkArguments("admin.alterGroupOffsets", checks, signal);
  // Of a partition that is not there the group's coordinator says what members may wait for.
  await context.knowPartitions(offsets, { signal });
  const committed = new CommittedOffsets(context, { kind: "group", key: groupId, lane });
  await committed.commit(
    offsets,
    { generationId: -1, memberId: "", groupInstanceId: null },
    signal,
  );
}
