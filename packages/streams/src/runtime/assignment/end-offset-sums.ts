import type { ClusterAdmin, OffsetAndMetadata } from "@millrace/cluster";
import { topicPartitionName, type TopicPartition } from "@millrace/model";

import type { AssignableTask } from "./assignor/client-state.ts";
import type { TaskLayout } from "./task-layout.ts";

export interface OffsetSources {
  readonly admin: ClusterAdmin;
  /** What the group has committed. */
  readonly committed: (
    partitions: readonly TopicPartition[],
    signal?: AbortSignal,
  ) => Promise<readonly OffsetAndMetadata[]>;
}

/** How much there is to hold of each stateful task: the end offsets of its changelogs, added up. */
export async function endOffsetSums(
  layout: TaskLayout,
  { admin, committed }: OffsetSources,
  signal?: AbortSignal,
): Promise<ReadonlyMap<AssignableTask, number>> {
  const stateful = layout.tasks.all.filter(({ isStateful }) => isStateful);
  const changelogs = stateful.flatMap((task) => layout.changelogsOf(task));
  const there = changelogs.filter(({ wasThere }) => wasThere);
  const own = there.filter(({ isSourceTopic }) => !isSourceTopic);
  const shared = there.filter(({ isSourceTopic }) => isSourceTopic);
  const ends = new Map<string, number>();
  const keep = (offsets: readonly (TopicPartition & { readonly offset: number })[]): void => {
    for (const { topic, partition, offset } of offsets)
      ends.set(topicPartitionName(topic, partition), offset);
  };
  if (own.length > 0)
    keep(
      await admin.listOffsets(
        own.map(({ topic, partition }) => ({ topic, partition, at: "latest" })),
        { signal },
      ),
    );
  if (shared.length > 0)
    keep(
      await committed(
        shared.map(({ topic, partition }) => ({ topic, partition })),
        signal,
      ),
    );
  return new Map(
    stateful.map((task) => [
      task,
      layout
        .changelogsOf(task)
        .reduce(
          (sum, { topic, partition }) =>
            sum + (ends.get(topicPartitionName(topic, partition)) ?? 0),
          0,
        ),
    ]),
  );
}
