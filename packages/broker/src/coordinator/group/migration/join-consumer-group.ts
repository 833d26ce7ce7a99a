import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { errorCode } from "../../error-code.ts";
import { advanceGroup } from "../consumer/advance-group.ts";
import type { ConsumerGroup } from "../consumer/consumer-group.ts";
import { replacementRecords } from "../consumer/consumer-heartbeat.ts";
import {
  type ConsumerMember,
  isReconciledTo,
  newMember,
  usesClassicProtocol,
} from "../consumer/consumer-member.ts";
import { downgrade } from "../consumer/leave-consumer-group.ts";
import { checkSize, staticMemberOf } from "../consumer/member-checks.ts";
import { reconcile } from "../consumer/reconcile.ts";
import { joinRefused, type JoinGroupAnswer } from "../classic/group-answers.ts";
import type { GroupProtocol } from "../classic/group-member.ts";
import { nothing, type GroupResult, type GroupWorld } from "../group-world.ts";
import type { Join, JoinGroupRequest } from "../classic/join-request.ts";
import { byText } from "../partition-sets.ts";
import { GroupRefusal } from "../refusal.ts";
import { topicNamesFault } from "../subscription-bound.ts";
import { consumerProtocolType } from "../classic/subscribed-topics.ts";
import { awaitSync } from "./classic-member.ts";
import { partitionsById, subscriptionIn } from "./consumer-bytes.ts";
import { canBeClassic } from "./to-classic-group.ts";

/**
 * A consumer of the classic protocol joins a consumer group: the broker assigns, and answers at once (Kafka:
 * `classicGroupJoinToConsumerGroup`).
 */
export function joinConsumerGroup(
  world: GroupWorld,
  group: ConsumerGroup,
  join: Join,
): GroupResult {
  try {
    return joinAs(world, group, join);
  } catch (error) {
    if (!(error instanceof GroupRefusal)) throw error;
    join.reply(joinRefused(error.errorCode, ""));
    return nothing;
  }
}

function joinAs(world: GroupWorld, group: ConsumerGroup, join: Join): GroupResult {
  const { request, reply } = join;
  const { groupInstanceId } = request;
  checkPolicy(world, group);
  const isUnknown = request.memberId === "";
  const memberId = isUnknown ? world.random.uuid() : request.memberId;
  checkSize(world, group, { memberId, instanceId: groupInstanceId });
  if (!supports(group, request))
    throw inconsistent(`Member ${memberId}'s protocols are not supported.`);
  if (isUnknown && groupInstanceId === null && request.requiresKnownMemberId) {
    reply(joinRefused(errorCode.memberIdRequired, memberId));
    return nothing;
  }
  const records: CoordinatorRecord[] = [];
  const seated = groupInstanceId === null ? undefined : group.staticMember(groupInstanceId);
  const before = joiningMember(group, { memberId, seated, request, records });
  const subscription = subscriptionIn(request.protocols[0].metadata);
  if (subscription === undefined) throw inconsistent("The subscription is malformed.");
  const told: ConsumerMember = {
    ...before,
    metadata: {
      ...before.metadata,
      instanceId: groupInstanceId ?? before.metadata.instanceId,
      rackId: subscription.rackId || before.metadata.rackId,
      rebalanceTimeoutMs: request.rebalanceTimeoutMs,
      clientId: request.clientId,
      clientHost: request.clientHost,
      subscribedTopicNames: [...new Set(subscription.topics)].toSorted(byText),
      subscribedTopicRegex: "",
      classicMemberMetadata: {
        sessionTimeoutMs: request.sessionTimeoutMs,
        supportedProtocols: [...request.protocols],
      },
    },
  };
  takeNames(world, group, { before, told, principal: request.principal });
  const step = advanceGroup(world, { group, before, told, records });
  const owned = partitionsById(world, subscription.ownedPartitions);
  const member = reconcile(world, { group, member: told, step, owned, records });
  const result = { world, group, reply };
  if (seated === undefined || usesClassicProtocol(seated))
    return answered(result, { request, member, records });
  const others = [...group.members.values()].filter((other) => other !== seated);
  const members = [...others, told];
  if (!canBeClassic(world, group, members)) return answered(result, { request, member, records });
  // The last one of the other protocol is replaced.
  // In a stable group everybody may take what it is to have at once, also what another one has still to give up.
  const needsRebalance =
    step.groupEpoch > group.assignmentEpoch ||
    others.some((other) => !isReconciledTo(other, group.assignmentEpoch));
  const made = downgrade(world, group, { members, needsRebalance });
  return {
    ...made,
    settled: (failure) => {
      made.settled?.(failure);
      if (failure === undefined) reply(joined(request, needsRebalance ? told : member));
      else reply(joinRefused(world.codeOfFailure(failure), ""));
    },
  };
}

/** @throws GroupRefusal there is no room for what it names */
function takeNames(
  { names }: GroupWorld,
  { groupId }: ConsumerGroup,
  who: {
    readonly before: ConsumerMember;
    readonly told: ConsumerMember;
    readonly principal: string;
  },
): void {
  const { before, told, principal } = who;
  const fault = topicNamesFault(told.metadata.subscribedTopicNames);
  if (fault !== undefined) throw new GroupRefusal(errorCode.invalidRequest, fault);
  names.take(
    { groupId, memberId: told.memberId, principal },
    before.metadata.subscribedTopicNames.length,
    told.metadata.subscribedTopicNames.length,
  );
}

function checkPolicy(world: GroupWorld, { groupId }: ConsumerGroup): void {
  const { isUpgradeEnabled, isDowngradeEnabled } = world.configs.consumerOf(groupId);
  if (!isUpgradeEnabled && !isDowngradeEnabled)
    throw inconsistent("The migration of groups is disabled.");
}

function inconsistent(message: string): GroupRefusal {
  return new GroupRefusal(errorCode.inconsistentGroupProtocol, message);
}

/** It is a consumer, with an assignor that all others of the classic protocol have. */
function supports(
  group: ConsumerGroup,
  { protocolType, protocols }: Pick<JoinGroupRequest, "protocolType" | "protocols">,
): boolean {
  if (protocolType !== consumerProtocolType) return false;
  const classic = [...group.members.values()].filter(usesClassicProtocol);
  const isShared = ({ name }: GroupProtocol) =>
    classic.every(({ metadata }) =>
      metadata.classicMemberMetadata?.supportedProtocols.some((other) => other.name === name),
    );
  return protocols.some(isShared);
}

/** A static member takes its seat again, whoever has it. */
function joiningMember(
  group: ConsumerGroup,
  who: {
    readonly memberId: string;
    readonly seated: ConsumerMember | undefined;
    readonly request: JoinGroupRequest;
    readonly records: CoordinatorRecord[];
  },
): ConsumerMember {
  const { memberId, seated, request, records } = who;
  const { groupInstanceId } = request;
  if (groupInstanceId !== null && request.memberId !== "")
    return staticMemberOf(group, memberId, groupInstanceId);
  if (seated === undefined) return group.members.get(memberId) ?? newMember(memberId);
  const successor = { ...seated, memberId, memberEpoch: 0, previousMemberEpoch: 0 };
  records.push(...replacementRecords(group, seated, successor));
  return successor;
}

function answered(
  {
    world,
    group,
    reply,
  }: { readonly world: GroupWorld; readonly group: ConsumerGroup; readonly reply: Join["reply"] },
  {
    request,
    member,
    records,
  }: {
    readonly request: JoinGroupRequest;
    readonly member: ConsumerMember;
    readonly records: readonly CoordinatorRecord[];
  },
): GroupResult {
  const { sessionTimeoutMs, rebalanceTimeoutMs: waitMs } = request;
  const { memberId } = member;
  return {
    records,
    response: undefined,
    settled: (failure) => {
      if (failure !== undefined) return reply(joinRefused(world.codeOfFailure(failure), ""));
      awaitSync(world, group.groupId, { memberId, sessionTimeoutMs, waitMs });
      reply(joined(request, member));
    },
  };
}

/** Nobody leads: the broker assigns. */
function joined(
  { protocols }: JoinGroupRequest,
  { memberId, memberEpoch }: ConsumerMember,
): JoinGroupAnswer {
  return {
    errorCode: errorCode.none,
    generationId: memberEpoch,
    protocolType: consumerProtocolType,
    protocolName: protocols[0].name,
    leader: "",
    skipAssignment: false,
    memberId,
    members: [],
  };
}
