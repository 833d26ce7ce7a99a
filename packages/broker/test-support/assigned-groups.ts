import type { Assignor } from "../src/coordinator/group/consumer/assignor/assignor.ts";
import { rangeAssignor } from "../src/coordinator/group/consumer/assignor/range-assignor.ts";
import { uniformAssignor } from "../src/coordinator/group/consumer/assignor/uniform-assignor.ts";
import { replayedSets } from "../src/coordinator/group/java-order.ts";
import {
  byNumber,
  type PartitionSets,
  partitionSetsEqual,
} from "../src/coordinator/group/partition-sets.ts";

/** Member, instance id, its topics by index, and by topic the partitions that it is given. */
export type AssignedMemberRow = readonly [
  string,
  string | null,
  readonly number[],
  Readonly<Record<string, readonly number[]>>?,
];

/** A group that changes step by step. */
export interface AssignedGroupRow {
  readonly assignor: "range" | "uniform";
  /** Ids; each step says how many partitions each has. */
  readonly topics: readonly string[];
  /** Each begins with what the one before assigned. */
  readonly steps: readonly {
    readonly counts: readonly number[];
    readonly equal: boolean;
    readonly members: readonly AssignedMemberRow[];
  }[];
}

const assignors: Readonly<Record<AssignedGroupRow["assignor"], Assignor>> = {
  range: rangeAssignor,
  uniform: uniformAssignor,
};

/** With what our assignors give; what changes goes through its record from step to step, as in the broker. */
export function assignedGroup({ assignor, topics, steps }: AssignedGroupRow): AssignedGroupRow {
  let targets: ReadonlyMap<string, PartitionSets> = new Map();
  const assigned = steps.map(({ counts, equal, members }) => {
    const before = targets;
    const made = assignors[assignor]({
      members: new Map(
        members.map(([memberId, instanceId, subscribed]) => {
          const previous = before.get(memberId) ?? new Map();
          const topicIds = subscribed.map((index) => topics[index]);
          return [memberId, { instanceId, topicIds, previous }];
        }),
      ),
      isHomogeneous: equal,
      subscriptionOf: (memberId) => {
        const [, , subscribed = []] = members.find(([id]) => id === memberId) ?? [];
        const topicIds = subscribed.map((index) => topics[index]);
        return { topicIds, nameCount: topicIds.length };
      },
      partitionCount: (topicId) => counts[topics.indexOf(topicId)],
    });
    targets = new Map(
      members.map(([memberId]) => {
        const [known, target] = [before.get(memberId), made.get(memberId) ?? new Map()];
        const isSame = known !== undefined && partitionSetsEqual(known, target);
        return [memberId, isSame ? known : replayed(target)];
      }),
    );
    return {
      counts,
      equal,
      members: members.map(([memberId, instanceId, subscribed]): AssignedMemberRow => {
        const sets = [...(made.get(memberId) ?? [])].map(([topicId, partitions]) => [
          topics.indexOf(topicId),
          [...partitions].toSorted(byNumber),
        ]);
        return [memberId, instanceId, subscribed, Object.fromEntries(sets)];
      }),
    };
  });
  return { assignor, topics, steps: assigned };
}

function replayed(target: PartitionSets): PartitionSets {
  return replayedSets(
    [...target].map(([topicId, partitions]) => ({ topicId, partitions: [...partitions] })),
  );
}

/** A group made at random: members that come, go and change what they read, topics that grow. */
export function randomGroup(below: (bound: number) => number): AssignedGroupRow {
  const textOf = (length: number) =>
    Buffer.from(Array.from({ length }, () => below(256))).toString("base64url");
  const topics = Array.from({ length: 1 + below(below(4) === 0 ? 24 : 5) }, () => textOf(16));
  const counts = topics.map(() => 1 + below(below(3) === 0 ? 40 : 10));
  const subscribe = (equal: boolean) =>
    topics.flatMap((_, index) => (equal || below(3) > 0 ? [index] : []));
  let members: AssignedMemberRow[] = [];
  let memberCount = 0;
  const steps = Array.from({ length: 6 }, () => {
    const equal = below(2) === 0;
    members = members.filter(() => below(5) > 0);
    for (let more = below(3); more > 0 || members.length === 0; more--) {
      const instance = below(4) === 0 ? `i${below(1000)}-${memberCount}` : null;
      members.push([`m${below(65_536).toString(16)}-${memberCount++}`, instance, []]);
    }
    members = members.map(([memberId, instance, known]) => {
      const isSame = !equal && known.length > 0 && below(2) === 0;
      return [memberId, instance, isSame ? known : subscribe(equal)];
    });
    for (const index of counts.keys()) if (below(6) === 0) counts[index] += below(8);
    return { counts: [...counts], equal, members };
  });
  return { assignor: below(4) === 0 ? "range" : "uniform", topics, steps };
}
