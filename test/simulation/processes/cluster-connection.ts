import type { KafkaClient } from "@millrace/client";

import { inputTopics, partitionCount } from "../topics.ts";

/** Makes the topics of a program's inputs and outputs that are missing. */
export async function ensureTopics(client: KafkaClient, outputs: readonly string[]): Promise<void> {
  const names = [...inputTopics, ...outputs];
  const there = await client.admin.describeTopics(names);
  const missing = names.filter((name) => !there.has(name));
  if (missing.length === 0) return;
  // Somebody else may be faster: whoever needs a topic that is not there yet tries again.
  await client.admin.createTopics(missing.map((name) => ({ name, partitionCount })));
}
