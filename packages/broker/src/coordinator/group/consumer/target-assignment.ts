import type { CoordinatorRecord } from "../../coordinator-record.ts";
import type { GroupWorld } from "../group-world.ts";
import { capacityOfCopy, inHashOrder } from "../java-order.ts";
import { type PartitionSets, partitionSetsEqual } from "../partition-sets.ts";
import type { AssignedMember, Assignor } from "./assignor/assignor.ts";
import { rangeAssignor } from "./assignor/range-assignor.ts";
import { uniformAssignor } from "./assignor/uniform-assignor.ts";
import type { ConsumerGroup } from "./consumer-group.ts";
import { type ConsumerMember, patternOf } from "./consumer-member.ts";
import { targetRecord } from "./consumer-records.ts";
import { targetMetadataKind } from "./consumer-record.ts";
import type { Subscriptions } from "./subscriptions.ts";

const assignors: ReadonlyMap<string, Assignor> = new Map([
  ["range", rangeAssignor],
  ["uniform", uniformAssignor],
]);

export interface TargetRequest {
  readonly group: ConsumerGroup;
  /** With the member that is being changed. */
  readonly members: readonly ConsumerMember[];
  readonly subscriptions: Subscriptions;
  readonly groupEpoch: number;
}

/** What each member is to have (Kafka: `TargetAssignmentBuilder`). */
export function computeTarget(
  world: GroupWorld,
  { group, members, subscriptions, groupEpoch }: TargetRequest,
): {
  readonly records: readonly CoordinatorRecord[];
  readonly targets: ReadonlyMap<string, PartitionSets>;
} {
  const { groupId } = group;
  const assign = assignors.get(assignorOf(world, groupId, members)) ?? uniformAssignor;
  const targets = assign({
    members: new Map(
      members.map((member) => [member.memberId, assignedMember(world, group, member)]),
    ),
    isHomogeneous: subscriptions.isHomogeneous,
    subscriptionOf: (memberId) => {
      const member = members.find((one) => one.memberId === memberId);
      const names = new Set(member?.metadata.subscribedTopicNames);
      const matched = member && group.resolved.get(patternOf(member))?.topics;
      for (const name of matched ?? []) names.add(name);
      const nameCount = names.size;
      const ordered = inHashOrder(names, capacityOfCopy(nameCount));
      return { topicIds: ordered.flatMap((name) => world.topics.topicId(name) ?? []), nameCount };
    },
    partitionCount: (topicId) =>
      world.topics.partitionCount(world.topics.topicName(topicId) ?? "") ?? 0,
  });
  const records = members.flatMap(({ memberId }) => {
    const before = group.targets.get(memberId);
    const target = targets.get(memberId) ?? new Map();
    const isSame = before !== undefined && partitionSetsEqual(before, target);
    return isSame ? [] : [targetRecord(groupId, memberId, target)];
  });
  const value = { assignmentEpoch: groupEpoch, assignmentTimestamp: world.clock.wallMs() };
  return { records: [...records, targetMetadataKind.record({ groupId }, value)], targets };
}

function assignedMember(
  world: GroupWorld,
  group: ConsumerGroup,
  member: ConsumerMember,
): AssignedMember {
  const { instanceId } = member.metadata;
  const topicIds = group.topicIdsOf(member, world.topics);
  return { instanceId, topicIds, previous: group.targetOf(member) };
}

/** The one that most members ask for; the broker's first one where nobody does. */
export function assignorOf(
  world: GroupWorld,
  groupId: string,
  members: Iterable<ConsumerMember>,
): string {
  const votes = new Map<string, number>();
  for (const { metadata } of members) {
    const { serverAssignor } = metadata;
    if (serverAssignor !== null) votes.set(serverAssignor, (votes.get(serverAssignor) ?? 0) + 1);
  }
  const [firstOne] = world.configs.consumerOf(groupId).assignors;
  let best = firstOne;
  let bestCount = 0;
  for (const name of inHashOrder(votes.keys())) {
    const count = votes.get(name) ?? 0;
    if (count > bestCount) [best, bestCount] = [name, count];
  }
  return best;
}
