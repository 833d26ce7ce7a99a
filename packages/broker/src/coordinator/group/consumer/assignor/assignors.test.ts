import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { byNumber, type PartitionSets } from "../../partition-sets.ts";
import type { Assignor } from "./assignor.ts";
import { rangeAssignor } from "./range-assignor.ts";
import { uniformAssignor } from "./uniform-assignor.ts";

/** Member, instance id, its topics by index, and by topic the partitions that it was given. */
type Member = readonly [
  string,
  string | null,
  readonly number[],
  Readonly<Record<string, number[]>>,
];

interface Vector {
  readonly assignor: "range" | "uniform";
  /** Ids; each step says how many partitions each has. */
  readonly topics: readonly string[];
  /** Each begins with what the one before assigned. */
  readonly steps: readonly {
    readonly counts: readonly number[];
    readonly equal: boolean;
    readonly members: readonly Member[];
  }[];
}

/** What Apache Kafka 4.3.1's assignors gave in groups made at random. */
const vectors = readFileSync(new URL("assignors.vectors.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line): Vector => JSON.parse(line));

const assignors: Readonly<Record<Vector["assignor"], Assignor>> = {
  range: rangeAssignor,
  uniform: uniformAssignor,
};

function replayed({ assignor, topics, steps }: Vector): Vector["steps"] {
  let before: ReadonlyMap<string, PartitionSets> = new Map();
  return steps.map(({ counts, equal, members }) => {
    before = assignors[assignor]({
      members: new Map(
        members.map(([memberId, instanceId, subscribed]) => [
          memberId,
          {
            instanceId,
            topicIds: subscribed.map((index) => topics[index]),
            previous: before.get(memberId) ?? new Map(),
          },
        ]),
      ),
      isHomogeneous: equal,
      partitionCount: (topicId) => counts[topics.indexOf(topicId)],
    });
    const assigned = members.map(([memberId, instanceId, subscribed]): Member => {
      const sets = [...(before.get(memberId) ?? [])].map(([topicId, partitions]) => [
        topics.indexOf(topicId),
        [...partitions].toSorted(byNumber),
      ]);
      return [memberId, instanceId, subscribed, Object.fromEntries(sets)];
    });
    return { counts, equal, members: assigned };
  });
}

test.each(vectors.map((vector, index) => ({ index, assignor: vector.assignor, vector })))(
  "partitions are assigned as Kafka assigns them: group $index, $assignor",
  ({ vector }) => {
    expect(replayed(vector)).toEqual(vector.steps);
  },
);
