import { inUuidHashOrder } from "../../java-order.ts";
import { byText, type PartitionSets } from "../../partition-sets.ts";
import type { AssignRequest, Assignor } from "./assignor.ts";

/** A topic that is being divided: the next member's part begins at `next`. */
interface Division {
  readonly count: number;
  readonly share: number;
  /** Members that get one more. */
  extra: number;
  next: number;
}

/**
 * Kafka's `RangeAssignor`: each topic is cut into as many ranges as it has members; so partitions of
 * the same number lie together. Static members come first, by their instance id.
 */
export const rangeAssignor: Assignor = ({ members, partitionCount }) => {
  const memberIds = inOrder(members);
  const subscribers = new Map<string, number>();
  for (const { topicIds } of members.values())
    for (const topicId of topicIds) subscribers.set(topicId, (subscribers.get(topicId) ?? 0) + 1);
  const divisions = new Map<string, Division>();
  for (const [topicId, memberCount] of subscribers) {
    const count = partitionCount(topicId);
    const share = Math.floor(count / memberCount);
    divisions.set(topicId, { count, share, extra: count % memberCount, next: 0 });
  }
  const assignment = new Map<string, PartitionSets>();
  for (const memberId of memberIds) {
    const topicIds = members.get(memberId)?.topicIds ?? [];
    const sets = new Map<string, ReadonlySet<number>>();
    for (const topicId of inUuidHashOrder(topicIds, Math.floor(topicIds.length / 0.75) + 1)) {
      const division = divisions.get(topicId);
      const range = division === undefined ? [] : nextRange(division);
      if (range.length > 0) sets.set(topicId, new Set(range));
    }
    assignment.set(memberId, sets);
  }
  return assignment;
};

function nextRange(division: Division): number[] {
  const size = division.share + (division.extra > 0 ? 1 : 0);
  if (division.extra > 0) division.extra--;
  const start = division.next;
  division.next = Math.min(start + size, division.count);
  return Array.from({ length: division.next - start }, (_, index) => start + index);
}

function inOrder(members: AssignRequest["members"]): string[] {
  return [...members.keys()].toSorted((left, right) => {
    const leftInstance = members.get(left)?.instanceId ?? null;
    const rightInstance = members.get(right)?.instanceId ?? null;
    if (leftInstance !== null && rightInstance !== null) return byText(leftInstance, rightInstance);
    if (leftInstance !== null) return -1;
    return rightInstance === null ? byText(left, right) : 1;
  });
}
