import { ClusterError } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";
import { decodeVersionedForward, KafkaError } from "@millrace/protocol";
import {
  consumerGroupDescribeApi,
  consumerProtocolAssignment,
  describeGroupsApi,
  type ConsumerGroupDescribeResponse,
} from "@millrace/protocol/definitions";
import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { callCoordinator } from "../metadata/coordinator-calls.ts";
import type { GroupListing } from "./groups.ts";

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

interface Asked {
  readonly groupId: string;
  readonly signal?: AbortSignal;
}

/**
 * A group of the classic protocol, or one whose partitions the broker shares out (KIP-848).
 *
 * @throws KafkaError `GROUP_ID_NOT_FOUND`
 */
export async function describeGroup(
  context: ClientContext,
  lane: BrokerLane,
  asked: Asked,
): Promise<GroupDescription> {
  const described =
    (await describeClassic(context, lane, asked)) ?? (await describeShared(context, lane, asked));
  if (described !== undefined) return described;
  throw new KafkaError("GROUP_ID_NOT_FOUND", `there is no group ${asked.groupId}`);
}

const isNotFound = ({ code }: KafkaError) => code === "GROUP_ID_NOT_FOUND";

async function describeClassic(
  context: ClientContext,
  lane: BrokerLane,
  { groupId, signal }: Asked,
): Promise<GroupDescription | undefined> {
  const { answer } = await callCoordinator(
    context,
    { kind: "group", key: groupId, lane },
    {
      api: describeGroupsApi,
      body: () => ({ groups: [groupId] }),
      errorsOf: ({ groups }) => groups.map(({ errorCode }) => errorCode),
      isHandled: isNotFound,
    },
    { signal },
  );
  const group = answer.groups.at(0);
  if (group === undefined || group.groupState === "Dead") return undefined;
  return {
    groupId,
    type: "classic",
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

async function describeShared(
  context: ClientContext,
  lane: BrokerLane,
  { groupId, signal }: Asked,
): Promise<GroupDescription | undefined> {
  const { answer } = await callCoordinator(
    context,
    { kind: "group", key: groupId, lane },
    {
      api: consumerGroupDescribeApi,
      body: () => ({ groupIds: [groupId], includeAuthorizedOperations: false }),
      errorsOf: ({ groups }) => groups.map(({ errorCode }) => errorCode),
      isHandled: isNotFound,
    },
    { signal },
  ).catch((error: unknown) => {
    // A cluster without the API has no such groups.
    if (error instanceof ClusterError && error.code === "UNSUPPORTED_BY_CLUSTER")
      return { answer: undefined };
    throw error;
  });
  const group = answer?.groups.at(0);
  if (group === undefined || group.errorCode !== 0) return undefined;
  return {
    groupId,
    type: "consumer",
    protocolType: "consumer",
    state: group.groupState,
    assignor: group.assignorName,
    members: group.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      partitions: namedPartitions(member),
    })),
  };
}

type DescribedMember = ConsumerGroupDescribeResponse["groups"][number]["members"][number];

function namedPartitions({ assignment }: DescribedMember): readonly TopicPartition[] {
  return assignment.topicPartitions.flatMap(({ topicName, partitions }) =>
    partitions.map((partition) => ({ topic: topicName, partition })),
  );
}

function partitionsOf(assignment: Uint8Array): readonly TopicPartition[] {
  if (assignment.length === 0) return [];
  return decodeVersionedForward(consumerProtocolAssignment, assignment).assignedPartitions.flatMap(
    ({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })),
  );
}
