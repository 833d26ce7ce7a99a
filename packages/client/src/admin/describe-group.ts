import type { TopicPartition } from "@millrace/model";
import { decodeVersionedForward, KafkaError } from "@millrace/protocol";
import { consumerProtocolAssignment, describeGroupsApi } from "@millrace/protocol/definitions";
import { groupName } from "../argument-kinds.ts";
import { checkArguments } from "../arguments.ts";
import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { callCoordinator } from "../metadata/coordinator-calls.ts";
import {
  describeConsumerGroup,
  describeShareGroup,
  describeStreamsGroup,
} from "./describe-assigned-group.ts";
import type { GroupDescription } from "./group-description.ts";

interface Asked {
  readonly groupId: string;
  readonly signal?: AbortSignal;
}

/**
 * A group of any kind.
 *
 * @throws KafkaError `GROUP_ID_NOT_FOUND`
 */
export async function describeGroup(
  context: ClientContext,
  lane: BrokerLane,
  asked: Asked,
): Promise<GroupDescription> {
  checkArguments("admin.describeGroup", { groupId: [groupName, asked.groupId] }, asked.signal);
  for (const describe of kinds) {
    const described = await describe(context, lane, asked);
    if (described !== undefined) return described;
  }
  throw new KafkaError("GROUP_ID_NOT_FOUND", `there is no group ${asked.groupId}`);
}

const kinds = [describeClassic, describeConsumerGroup, describeStreamsGroup, describeShareGroup];
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

function partitionsOf(assignment: Uint8Array): readonly TopicPartition[] {
  if (assignment.length === 0) return [];
  return decodeVersionedForward(consumerProtocolAssignment, assignment).assignedPartitions.flatMap(
    ({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })),
  );
}
