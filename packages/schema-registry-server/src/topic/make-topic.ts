import type { KafkaClient } from "@millrace/client";

import { RegistryError } from "../registry-error.ts";

const replicationFactorWanted = 3;

/** Makes the topic if it is not there: one partition, compacted, on three brokers where there are so many. */
export async function makeTopic(
  { admin }: KafkaClient,
  topic: string,
  signal: AbortSignal,
): Promise<void> {
  const known = await admin.describeTopics([topic], signal);
  const partitionCount = known.get(topic)?.partitionCount;
  if (partitionCount !== undefined && partitionCount !== 1)
    throw new RegistryError(
      "STORE_FAILED",
      `${topic} has ${partitionCount} partitions, a registry's topic has one; give another topic`,
      { retriable: false },
    );
  if (partitionCount === 1) return;
  const { brokers } = await admin.describeCluster(signal);
  const [made] = await admin.createTopics(
    [
      {
        name: topic,
        partitionCount: 1,
        replicationFactor: Math.min(replicationFactorWanted, brokers.length),
        configs: { "cleanup.policy": "compact" },
      },
    ],
    signal,
  );
  if (made.error === undefined) return;
  // Another member may have been faster.
  const isThere = (await admin.describeTopics([topic], signal)).has(topic);
  if (!isThere) throw made.error;
}
