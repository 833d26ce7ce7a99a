import { connect, type KafkaClient } from "@millrace/client";
import type { Platform } from "@millrace/platform";

import { inputTopics, partitionCount } from "../topics.ts";

export const brokerPort = 9092;

export function connectToBroker(platform: Platform, clientId: string): KafkaClient {
  return connect(platform, {
    bootstrapServers: `127.0.0.1:${brokerPort}`,
    clientId,
    requestTimeout: 1_500,
    apiTimeout: 6_000,
    connectTimeout: 1_000,
    reconnectBackoff: 20,
    reconnectBackoffMax: 200,
    retryBackoff: 20,
    retryBackoffMax: 200,
  });
}

/** Makes the topics of a program's inputs and outputs that are missing. */
export async function ensureTopics(client: KafkaClient, outputs: readonly string[]): Promise<void> {
  const names = [...inputTopics, ...outputs];
  const there = await client.admin.describeTopics(names);
  const missing = names.filter((name) => !there.has(name));
  if (missing.length === 0) return;
  // Somebody else may be faster: whoever needs a topic that is not there yet tries again.
  await client.admin.createTopics(missing.map((name) => ({ name, partitionCount })));
}
