import type { ClusterAdmin, NewTopic, TopicDescription } from "@millrace/cluster";

import { ApplicationError } from "../error/application-error.ts";

/**
 * Makes the repartition and changelog topics that are not there yet. Another member may make
 * them at the same moment: what is there afterwards counts.
 */
export async function createInternalTopics(
  admin: Pick<ClusterAdmin, "describeTopics" | "createTopics">,
  topics: readonly NewTopic[],
  existing: ReadonlyMap<string, TopicDescription>,
  options: { readonly replicationFactor: number; readonly signal?: AbortSignal },
): Promise<void> {
  const missing = topics.filter(({ name }) => !existing.has(name));
  if (missing.length === 0) return;
  const results = await admin.createTopics(
    missing.map((topic) => ({ ...topic, replicationFactor: options.replicationFactor })),
    options.signal,
  );
  const refused = results.filter(({ error }) => error !== undefined);
  if (refused.length === 0) return;
  const present = await admin.describeTopics(
    refused.map(({ name }) => name),
    options.signal,
  );
  for (const { name, error } of refused) {
    const wanted = missing.find((topic) => topic.name === name)?.partitionCount;
    if (present.get(name)?.partitionCount === wanted) continue;
    throw new ApplicationError(
      "INTERNAL_TOPIC_MISMATCH",
      `the internal topic ${name} with ${wanted} partitions could not be made: ${error?.message}. Allow the application to create topics, or create it by hand.`,
      { cause: error },
    );
  }
}
