import type { ClusterClient } from "millrace";

export interface Partition {
  readonly topic: string;
  readonly partition: number;
}

export interface PartitionEnd extends Partition {
  readonly offset: number;
}

/** All partitions of the topics that are there. */
export async function partitionsOf(
  client: ClusterClient,
  topics: readonly string[],
): Promise<readonly Partition[]> {
  const described = await client.admin.describeTopics(topics);
  return [...described.values()].flatMap(({ name, partitionCount }) =>
    Array.from({ length: partitionCount }, (_, partition) => ({ topic: name, partition })),
  );
}

/** Where the partitions of the topics end. */
export async function endsOf(
  client: ClusterClient,
  topics: readonly string[],
  isolation: "read_committed" | "read_uncommitted" = "read_uncommitted",
): Promise<readonly PartitionEnd[]> {
  const partitions = await partitionsOf(client, topics);
  if (partitions.length === 0) return [];
  return client.admin.listOffsets(
    partitions.map((partition) => ({ ...partition, at: "latest" as const })),
    { isolation },
  );
}

/** Makes topics anew, empty. Event times are old, so nothing is deleted for its age. */
export async function recreateTopics(
  client: ClusterClient,
  topics: readonly string[],
  partitionCount: number,
): Promise<void> {
  await client.admin.deleteTopics(topics); // those that were there
  for (let attempt = 0; ; attempt++) {
    const present = await client.admin.describeTopics(topics);
    const missing = topics.filter((name) => !present.has(name));
    const results = await client.admin.createTopics(
      missing.map((name) => ({ name, partitionCount, configs: { "retention.ms": "-1" } })),
    );
    const failure = results.find(({ error }) => error !== undefined)?.error;
    if (failure === undefined && missing.length > 0 && (await areEmpty(client, topics))) return;
    if (attempt > 50) throw failure ?? new Error(`topics ${topics.join(", ")} do not go away`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function areEmpty(client: ClusterClient, topics: readonly string[]): Promise<boolean> {
  try {
    const ends = await endsOf(client, topics);
    return ends.length > 0 && ends.every(({ offset }) => offset === 0);
  } catch {
    return false; // not led by anybody yet
  }
}

export function sumOf(ends: readonly { readonly offset: number }[]): number {
  return ends.reduce((sum, { offset }) => sum + offset, 0);
}
