import type { BatchReader, ClusterClient } from "millrace";

type Batch = Awaited<ReturnType<BatchReader["poll"]>>[number];

/** What is committed of a topic by now, each partition in its order. A batch is good until the next one. */
export async function* committedBatches(
  client: ClusterClient,
  { topic, partitionCount }: { readonly topic: string; readonly partitionCount: number },
  signal: AbortSignal,
): AsyncGenerator<Batch, void, undefined> {
  const partitions = Array.from({ length: partitionCount }, (_, partition) => ({
    topic,
    partition,
  }));
  const ends = await client.admin.listOffsets(
    partitions.map((partition) => ({ ...partition, at: "latest" as const })),
    { isolation: "read_committed", signal },
  );
  const reader = client.openReader({ isolation: "read_committed" });
  try {
    reader.assign(partitions.map((partition) => ({ ...partition, offset: 0 })));
    while (ends.some((end) => (reader.position(end) ?? 0) < end.offset)) {
      for (const batch of await reader.poll({ signal, waitMsMax: 1000 })) {
        yield batch;
        batch.release();
      }
      signal.throwIfAborted();
    }
  } finally {
    await reader.close();
  }
}
