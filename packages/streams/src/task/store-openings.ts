import type { CacheBudget, StoreOpening } from "@millrace/state";

import { changelogName, type Subtopology } from "../topology/subtopology.ts";
import type { RecordCollector } from "./record-collector.ts";

export interface StoreOpeningOptions {
  readonly partition: number;
  readonly collector: RecordCollector;
  /** The cache that the stores will share: of 0 bytes, they are opened without (as in Kafka). */
  readonly cache?: CacheBudget;
}

/** What `openTaskStores` is to open for a task: its sub-topology's stores with their changelogs. */
export function storeOpenings(
  subtopology: Subtopology,
  { partition, collector, cache }: StoreOpeningOptions,
): readonly StoreOpening[] {
  return subtopology.stores.map((specification) => {
    const changelog = subtopology.changelogTopics.find(
      (topic) => topic.store === specification.name,
    );
    const isWritten = changelog !== undefined && !changelog.isSourceTopic;
    return {
      specification,
      ...(cache?.sizeBytesMax === 0 ? { caching: false } : {}),
      changelogTopic:
        changelog?.name ?? `${subtopology.applicationId}-${changelogName(specification.name)}`,
      changelog: isWritten ? collector.partition(changelog.name, partition) : null,
    };
  });
}
