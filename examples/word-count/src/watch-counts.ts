import { int64AsNumber, string, type ClusterClient } from "millrace";

import { countsTopic } from "./topology.ts";

/** What became known about a word. */
export interface CountChange {
  readonly word: string;
  readonly count: number;
  /** False: it was there when watching began. */
  readonly isNew: boolean;
}

/** Tells each count that is committed, from the first one on, until the signal aborts. */
export async function watchCounts(
  client: ClusterClient,
  onChange: (change: CountChange) => void,
  signal: AbortSignal,
): Promise<void> {
  const topic = (await client.admin.describeTopics([countsTopic], signal)).get(countsTopic);
  const reader = client.openReader({ isolation: "read_committed" });
  const words = string();
  const counts = int64AsNumber();
  try {
    const partitions = Array.from({ length: topic?.partitionCount ?? 0 }, (_, partition) => ({
      topic: countsTopic,
      partition,
    }));
    const ends = await client.admin.listOffsets(
      partitions.map((partition) => ({ ...partition, at: "latest" as const })),
      { isolation: "read_committed", signal },
    );
    reader.assign(partitions.map((partition) => ({ ...partition, offset: 0 })));
    while (!signal.aborted) {
      for (const batch of await reader.poll({ signal, waitMsMax: 1000 })) {
        while (batch.next()) {
          const { key, value } = batch;
          if (key === null || value === null) continue;
          onChange({
            word: words.deserialize(key, countsTopic),
            count: counts.deserialize(value, countsTopic),
            isNew: batch.offset >= ends[batch.partition].offset,
          });
        }
        batch.release();
      }
    }
  } finally {
    await reader.close();
  }
}
