import type { ConsumerGroupDescribeResponse } from "@millrace/protocol/definitions";
import type { GroupWorld } from "../group-world.ts";
import { byNumber, merged, type PartitionEpochs, type PartitionSets } from "../partition-sets.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import { type ConsumerMember, usesClassicProtocol } from "./consumer-member.ts";
import { assignorOf } from "./target-assignment.ts";

export type DescribedConsumerGroup = ConsumerGroupDescribeResponse["groups"][number];
type DescribedMember = DescribedConsumerGroup["members"][number];

const memberType = { classic: 0, consumer: 1 };

export function describeConsumerGroup(
  world: GroupWorld,
  group: ConsumerGroup,
): DescribedConsumerGroup {
  const { groupId, state, groupEpoch, assignmentEpoch } = group;
  return {
    errorCode: 0,
    errorMessage: null,
    groupId,
    groupState: state,
    groupEpoch,
    assignmentEpoch,
    assignorName: assignorOf(world, groupId, group.members.values()),
    members: [...group.members.values()].map((member) => describeMember(world, group, member)),
    authorizedOperations: -0x80000000,
  };
}

export function unknownConsumerGroup(
  groupId: string,
  errorCode: number,
  errorMessage: string | null = null,
): DescribedConsumerGroup {
  return {
    errorCode,
    errorMessage,
    groupId,
    groupState: "",
    groupEpoch: 0,
    assignmentEpoch: 0,
    assignorName: "",
    members: [],
    authorizedOperations: -0x80000000,
  };
}

/** What it has yet to let go counts as its own. */
function describeMember(
  world: GroupWorld,
  group: ConsumerGroup,
  member: ConsumerMember,
): DescribedMember {
  const { memberId, memberEpoch, metadata, assigned, revoking } = member;
  const { instanceId, rackId, clientId, clientHost } = metadata;
  return {
    memberId,
    instanceId,
    rackId,
    memberEpoch,
    clientId,
    clientHost,
    subscribedTopicNames: metadata.subscribedTopicNames,
    subscribedTopicRegex: metadata.subscribedTopicRegex,
    assignment: named(world, merged(assigned, revoking)),
    targetAssignment: named(world, group.targets.get(memberId) ?? new Map()),
    memberType: usesClassicProtocol(member) ? memberType.classic : memberType.consumer,
  };
}

/** Topics that are gone are left out. */
function named(
  { topics }: GroupWorld,
  partitions: PartitionSets | PartitionEpochs,
): DescribedMember["assignment"] {
  const topicPartitions = [...partitions].flatMap(([topicId, set]) => {
    const topicName = topics.topicName(topicId);
    if (topicName === undefined) return [];
    return [{ topicId, topicName, partitions: [...set.keys()].toSorted(byNumber) }];
  });
  return { topicPartitions };
}
