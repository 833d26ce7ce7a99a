import type { ClusterAdmin, OffsetAndMetadata } from "@millrace/cluster";
import { topicPartitionName } from "@millrace/model";

import { changelogRanges, reaches } from "../state/changelog-ranges.ts";
import type { TaskState } from "../state/task-state.ts";
import type { StoreNeed } from "./snapshot-fit.ts";

/**
 * What the stores of a task need of a snapshot now.
 *
 * @param committed what is committed of source topics that serve as changelogs
 */
export async function storeNeedsOf(
  { stores, subtopology, taskId: { partition } }: TaskState,
  committed: readonly OffsetAndMetadata[],
  {
    admin,
    isExactlyOnce,
    signal,
  }: {
    readonly admin: ClusterAdmin;
    readonly isExactlyOnce: boolean;
    readonly signal: AbortSignal;
  },
): Promise<readonly StoreNeed[]> {
  const { changelogTopics } = subtopology;
  const partitions = changelogTopics.map(({ name: topic }) => ({ topic, partition }));
  const ranges = await changelogRanges(partitions, admin, signal);
  return changelogTopics.flatMap(({ name: topic, store, isSourceTopic }) => {
    const changelog = topicPartitionName(topic, partition);
    const range = ranges.get(changelog);
    if (range === undefined) return [];
    const isTransactional = isExactlyOnce && !isSourceTopic;
    const own = stores.committedOffset(store);
    const processed = committed.find((one) => one.topic === topic && one.partition === partition);
    return {
      store,
      changelog,
      range,
      form: stores.formOf(store),
      isTransactional,
      limit: isSourceTopic ? (processed?.offset ?? 0) : undefined,
      own: own !== undefined && reaches(range, own, isTransactional) ? own : undefined,
    };
  });
}
