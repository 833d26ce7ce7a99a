import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { errorCode } from "../../error-code.ts";
import type { ClassicGroup } from "../classic/classic-group.ts";
import { ConsumerGroup } from "../consumer/consumer-group.ts";
import { type ConsumerMember, newMember } from "../consumer/consumer-member.ts";
import { targetMetadataKind } from "../consumer/consumer-record.ts";
import {
  currentRecord,
  epochRecord,
  memberRecord,
  targetRecord,
} from "../consumer/consumer-records.ts";
import { restartSession } from "../consumer/leave-consumer-group.ts";
import { joinRefused, syncRefused } from "../classic/group-answers.ts";
import type { GroupMember } from "../classic/group-member.ts";
import type { GroupResult, GroupWorld } from "../group-world.ts";
import { byText, withEpoch } from "../partition-sets.ts";
import { GroupRefusal } from "../refusal.ts";
import { topicNamesFault } from "../subscription-bound.ts";
import { assignmentIn, partitionsById, subscriptionIn } from "./consumer-bytes.ts";

/** The consumer group that a classic one becomes once its records are in the log. */
export interface Successor extends Pick<GroupResult, "records" | "appended"> {
  readonly group: ConsumerGroup;
}

/**
 * A classic group of consumers, as the consumer group that it becomes when a member of that protocol joins: each member
 * has what the last generation gave it (Kafka: `convertToConsumerGroup`).
 *
 * @throws GroupRefusal
 */
export function toConsumerGroup(world: GroupWorld, classic: ClassicGroup): Successor {
  checkUpgrade(world, classic);
  const { groupId } = classic;
  const group = new ConsumerGroup(groupId);
  group.groupEpoch = classic.generationId;
  group.assignmentEpoch = classic.generationId;
  for (const own of classic.members.values()) addMember(world, group, { classic, own });
  world.names.require(undefined, group.subscribedNameCount);
  group.metadataHash = group.subscriptions.topics.hash(world.topics);
  // Who waits for the others joins again; nobody does where the log does not take it.
  const appended = (): void => {
    for (const own of classic.members.values()) {
      own.completeJoin(joinRefused(errorCode.rebalanceInProgress, own.memberId));
      own.completeSync(syncRefused(errorCode.rebalanceInProgress));
      restartSession(world, groupId, own.memberId, own.sessionTimeoutMs);
    }
  };
  return { group, records: [...classic.tombstones(), ...recordsOf(group)], appended };
}

function checkUpgrade(world: GroupWorld, classic: ClassicGroup): void {
  const { groupId } = classic;
  const { isUpgradeEnabled, sizeMax } = world.configs.consumerOf(groupId);
  if (!isUpgradeEnabled) throw refusal(groupId, "online upgrade is disabled.");
  if (!classic.isConsumerGroup)
    throw refusal(groupId, "the group does not use the consumer embedded protocol.");
  if (classic.members.size > sizeMax)
    throw refusal(groupId, "the group size exceeds the consumer group maximum size.");
}

function refusal(groupId: string, why: string): GroupRefusal {
  return new GroupRefusal(
    errorCode.groupIdNotFound,
    `Cannot upgrade classic group ${groupId} to consumer group because ${why}`,
  );
}

function addMember(
  world: GroupWorld,
  group: ConsumerGroup,
  { classic, own }: { readonly classic: ClassicGroup; readonly own: GroupMember },
): void {
  const { groupId } = group;
  const assignment = assignmentIn(own.assignment);
  const protocolName = classic.protocolName ?? own.protocols[0]?.name ?? "";
  const subscription = subscriptionIn(own.metadataOf(protocolName));
  if (assignment === undefined || subscription === undefined)
    throw refusal(groupId, "the embedded consumer protocol is malformed.");
  if ((assignment.userData?.length ?? 0) > 0)
    throw refusal(
      groupId,
      "an unsupported custom assignor is in use. Please refer to the documentation or switch to a default assignor before re-attempting the upgrade.",
    );
  const fault = topicNamesFault(subscription.topics);
  if (fault !== undefined) throw refusal(groupId, fault);
  const target = partitionsById(world, assignment.assignedPartitions);
  const fresh = newMember(own.memberId);
  const member: ConsumerMember = {
    ...fresh,
    memberEpoch: classic.generationId,
    previousMemberEpoch: classic.generationId,
    assigned: withEpoch(target, classic.generationId),
    metadata: {
      ...fresh.metadata,
      instanceId: own.groupInstanceId,
      rackId: subscription.rackId || null,
      rebalanceTimeoutMs: own.rebalanceTimeoutMs,
      clientId: own.clientId,
      clientHost: own.clientHost,
      subscribedTopicNames: [...new Set(subscription.topics)].toSorted(byText),
      classicMemberMetadata: {
        sessionTimeoutMs: own.sessionTimeoutMs,
        supportedProtocols: [...own.protocols],
      },
    },
  };
  group.targets.set(own.memberId, target);
  group.setMember(member);
}

function recordsOf(group: ConsumerGroup): CoordinatorRecord[] {
  const { groupId, groupEpoch, metadataHash, assignmentEpoch, assignmentTimestamp } = group;
  const members = [...group.members.values()];
  return [
    ...members.map((member) => memberRecord(groupId, member)),
    epochRecord(groupId, groupEpoch, metadataHash),
    ...members.map((member) => targetRecord(groupId, member.memberId, group.targetOf(member))),
    targetMetadataKind.record({ groupId }, { assignmentEpoch, assignmentTimestamp }),
    ...members.map((member) => currentRecord(groupId, member)),
  ];
}
