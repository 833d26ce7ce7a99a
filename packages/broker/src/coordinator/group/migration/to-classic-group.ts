import { noBytes } from "@millrace/model";
import { ClassicGroup } from "../classic/classic-group.ts";
import type { ConsumerGroup } from "../consumer/consumer-group.ts";
import { type ConsumerMember, usesClassicProtocol } from "../consumer/consumer-member.ts";
import { GroupMember } from "../classic/group-member.ts";
import { forgetGroup, nothing, type GroupResult, type GroupWorld } from "../group-world.ts";
import { prepareRebalance, restartSession } from "../classic/rebalance.ts";
import { snapshotRecord } from "../classic/snapshot-group.ts";
import { consumerProtocolType } from "../classic/subscribed-topics.ts";
import { merged } from "../partition-sets.ts";
import { assignmentBytes } from "./consumer-bytes.ts";

/** True if the group can go on as a classic one once only these are its members. */
export function canBeClassic(
  world: GroupWorld,
  group: ConsumerGroup,
  staying: readonly ConsumerMember[],
): boolean {
  return (
    staying.length > 0 &&
    staying.every(usesClassicProtocol) &&
    world.configs.consumerOf(group.groupId).isDowngradeEnabled &&
    staying.length <= world.configs.classic.sizeMax
  );
}

export interface Downgrade {
  readonly members: readonly ConsumerMember[];
  /** They have to join again: their assignment is not that of the group's epoch. */
  readonly needsRebalance: boolean;
}

/**
 * A consumer group whose members all speak the classic protocol is a classic group from now on, of which the log learns
 * (Kafka: `convertToClassicGroup`).
 */
export function toClassicGroup(
  world: GroupWorld,
  group: ConsumerGroup,
  { members, needsRebalance }: Downgrade,
): GroupResult {
  const { groupId } = group;
  const classic = new ClassicGroup({
    groupId,
    state: "Stable",
    generationId: group.groupEpoch,
    protocolType: consumerProtocolType,
    stateTimestamp: world.clock.wallMs(),
  });
  for (const member of members) classic.add(classicMember(member));
  classic.protocolName = classic.voteProtocol();
  classic.computeSubscribedTopics();
  for (const member of members) {
    const own = classic.member(member.memberId);
    const subscription = own.metadataOf(classic.protocolName);
    // The group may have members of the other protocol again before these have joined: till then they have what they have.
    const partitions = needsRebalance
      ? merged(member.assigned, member.revoking)
      : group.targetOf(member);
    own.assignment = assignmentBytes(world, partitions, subscription);
  }
  // Who reads the record after a crash has to know that what these have is not all there is.
  if (needsRebalance) classic.leaderId = null;
  const records = [...group.tombstones(), snapshotRecord(classic)];
  forgetGroup(world, groupId);
  world.groups.set(groupId, classic);
  for (const member of classic.members.values()) restartSession(world, classic, member);
  const result = needsRebalance ? prepareRebalance(world, classic) : nothing;
  return { ...result, records: [...records, ...result.records] };
}

function classicMember({ memberId, metadata }: ConsumerMember): GroupMember {
  const { instanceId, clientId, clientHost, rebalanceTimeoutMs, classicMemberMetadata } = metadata;
  return new GroupMember({
    memberId,
    groupInstanceId: instanceId,
    clientId,
    clientHost,
    rebalanceTimeoutMs,
    sessionTimeoutMs: classicMemberMetadata?.sessionTimeoutMs ?? rebalanceTimeoutMs,
    protocolType: consumerProtocolType,
    protocols: classicMemberMetadata?.supportedProtocols ?? [],
    assignment: noBytes,
  });
}
