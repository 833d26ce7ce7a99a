import type { ClusterAdmin } from "@millrace/cluster";
import { isRecordOf } from "@millrace/model";
import type { Logger } from "@millrace/platform";

/** Partition counts by the topics' names. */
export type TopicCounts = Readonly<Record<string, number>>;

/** For the tables of options. */
export const topicCounts = {
  allowed: "partition counts by the topics' names, such as { orders: 4 }",
  accepts: isRecordOf((count) => Number.isSafeInteger(count) && Number(count) > 0),
};

/** Makes the topics that are not there; those that are stay as they are: the log says where they have other counts. */
export async function makeMissingTopics(
  admin: ClusterAdmin,
  topics: TopicCounts = {},
  { logger, signal }: { readonly logger: Logger; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const names = Object.keys(topics);
  if (names.length === 0) return;
  const present = await admin.describeTopics(names, signal);
  for (const { name, partitionCount } of present.values())
    if (partitionCount !== topics[name])
      logger.log("warn", "millrace.topic-has-other-partitions", {
        topic: name,
        partitions: partitionCount,
        asked: topics[name],
      });
  const missing = names.filter((name) => !present.has(name));
  const results = await admin.createTopics(
    missing.map((name) => ({ name, partitionCount: topics[name] })),
    signal,
  );
  for (const { error } of results) {
    if (error !== undefined && !isThere(error)) throw error;
  }
}

/** Another process may have made it in between, or an earlier attempt whose answer was lost. */
function isThere(error: Error): boolean {
  return "code" in error && error.code === "TOPIC_ALREADY_EXISTS";
}
