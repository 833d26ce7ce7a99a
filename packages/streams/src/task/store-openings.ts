import type { StoreOpening } from "@millrace/state";

import type { Subtopology } from "../topology/subtopology.ts";
import type { RecordCollector } from "./record-collector.ts";

/** What `openTaskStores` is to open for a task: its sub-topology's stores with their changelogs. */
export function storeOpenings(
  subtopology: Subtopology,
  { partition, collector }: { readonly partition: number; readonly collector: RecordCollector },
): readonly StoreOpening[] {
  return subtopology.stores.map((specification) => {
    const changelog = subtopology.changelogTopics.find(
      (topic) => topic.store === specification.name,
    );
    const isWritten = changelog !== undefined && !changelog.isSourceTopic;
    return {
      specification,
      changelogTopic: changelog?.name ?? specification.name,
      changelog: isWritten ? collector.partition(changelog.name, partition) : null,
    };
  });
}
