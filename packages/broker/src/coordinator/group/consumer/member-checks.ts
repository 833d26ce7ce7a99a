import type { ConsumerGroupHeartbeatRequest } from "@millrace/protocol/definitions";
import { errorCode } from "../../error-code.ts";
import type { GroupWorld } from "../group-world.ts";
import type { PartitionEpochs } from "../partition-sets.ts";
import { GroupRefusal } from "../refusal.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import { type ConsumerMember, leaveEpoch } from "./consumer-member.ts";

/** A static member that comes again takes no room. */
export function checkSize(
  world: GroupWorld,
  group: ConsumerGroup,
  who: { readonly memberId: string; readonly instanceId: string | null },
): void {
  const { sizeMax } = world.configs.consumerOf(group.groupId);
  if (who.instanceId !== null && group.staticMember(who.instanceId) !== undefined) return;
  if (group.members.size >= sizeMax && !group.members.has(who.memberId))
    throw new GroupRefusal(
      errorCode.groupMaxSizeReached,
      `The consumer group has reached its maximum capacity of ${sizeMax} members.`,
    );
}

/**
 * The epoch before the last counts too, from a member that has nothing beyond what it was given:
 * the answer with the new one may have been lost.
 */
export function checkMemberEpoch(
  member: ConsumerMember,
  { memberEpoch, topicPartitions }: ConsumerGroupHeartbeatRequest,
): void {
  if (memberEpoch === 0 || memberEpoch === member.memberEpoch) return;
  const isRetry =
    memberEpoch === member.previousMemberEpoch && areAmong(topicPartitions, member.assigned);
  if (memberEpoch < member.memberEpoch && isRetry) return;
  const size = memberEpoch > member.memberEpoch ? "greater" : "smaller";
  throw new GroupRefusal(
    errorCode.fencedMemberEpoch,
    `The consumer group member has a ${size} member epoch (${memberEpoch}) than the one known by the group coordinator (${member.memberEpoch}). The member must abandon all its partitions and rejoin.`,
  );
}

function areAmong(
  owned: ConsumerGroupHeartbeatRequest["topicPartitions"],
  assigned: PartitionEpochs,
): boolean {
  return (
    owned !== null &&
    owned.every(({ topicId, partitions }) => {
      const known = assigned.get(topicId);
      return known !== undefined && partitions.every((partition) => known.has(partition));
    })
  );
}

/** @throws GroupRefusal */
export function memberOf(group: ConsumerGroup, memberId: string): ConsumerMember {
  const member = group.members.get(memberId);
  if (member === undefined)
    throw new GroupRefusal(
      errorCode.unknownMemberId,
      `Member ${memberId} is not a member of group ${group.groupId}.`,
    );
  return member;
}

/** The static member of an instance id, if it is this one. */
export function staticMemberOf(
  group: ConsumerGroup,
  memberId: string,
  instanceId: string,
): ConsumerMember {
  const member = group.staticMember(instanceId);
  if (member === undefined)
    throw new GroupRefusal(errorCode.unknownMemberId, `Instance id ${instanceId} is unknown.`);
  if (member.memberId !== memberId)
    throw new GroupRefusal(
      errorCode.fencedInstanceId,
      `Static member ${memberId} with instance id ${instanceId} was fenced by member ${member.memberId}.`,
    );
  return member;
}

/** An instance id is free once its member has left for a while. */
export function checkReleased(member: ConsumerMember, memberId: string, instanceId: string): void {
  if (member.memberEpoch !== leaveEpoch.forAWhile)
    throw new GroupRefusal(
      errorCode.unreleasedInstanceId,
      `Static member ${memberId} with instance id ${instanceId} cannot join the group because the instance id is owned by ${member.memberId} member.`,
    );
}
