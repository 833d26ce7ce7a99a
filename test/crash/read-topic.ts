import { string, type KafkaClient, type TopicPartition } from "millrace";

/** All partitions of a topic that has so many. */
export function partitionsOf(topic: string, partitionCount: number): readonly TopicPartition[] {
  return Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition }));
}

interface Reading<T> {
  readonly name: string;
  deserialize(bytes: Uint8Array, topic: string): T;
}

/** All that is committed, in the order of each partition. */
export async function readAll<T>(
  client: KafkaClient,
  partitions: readonly TopicPartition[],
  serde: Reading<T>,
): Promise<readonly [string, T][]> {
  const ends = await client.admin.listOffsets(
    partitions.map((partition) => ({ ...partition, at: "latest" as const })),
    { isolation: "read_committed" },
  );
  const reader = client.openReader({ isolation: "read_committed" });
  try {
    reader.assign(partitions.map((partition) => ({ ...partition, offset: 0 })));
    const records: [string, T][] = [];
    while (ends.some((end) => (reader.position(end) ?? 0) < end.offset))
      for (const batch of await reader.poll({ waitMsMax: 1000 })) {
        while (batch.next()) {
          const { topic } = partitions[0];
          if (batch.key === null || batch.value === null) throw new Error(`${topic} has nulls`);
          const key = string().deserialize(batch.key, topic);
          records.push([key, serde.deserialize(batch.value, topic)]);
        }
        batch.release();
      }
    return records;
  } finally {
    await reader.close();
  }
}
