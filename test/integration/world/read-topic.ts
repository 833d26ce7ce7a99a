import type { KafkaClient } from "@millrace/client";
import { decodeUtf8 } from "@millrace/model";

/** One record as a test sees it. */
export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: Uint8Array | null;
}

/** All that is committed at this moment, partition by partition. */
export async function readTopic(
  client: KafkaClient,
  topic: string,
): Promise<readonly ReadRecord[]> {
  const description = (await client.admin.describeTopics([topic])).get(topic);
  const count = description?.partitionCount ?? 0;
  const partitions = Array.from({ length: count }, (_, partition) => ({ topic, partition }));
  const ends = await client.admin.listOffsets(
    partitions.map((one) => ({ ...one, at: "latest" as const })),
    { isolation: "read_committed" },
  );
  const pending = new Map(ends.map((end) => [end.partition, end.offset]));
  const reader = client.openReader({ isolation: "read_committed", fetchWaitMsMax: 20 });
  reader.assign(partitions.map((one) => ({ ...one, offset: 0 })));
  const records: ReadRecord[] = [];
  const isRead = ([partition, end]: readonly [number, number]): boolean =>
    (reader.position({ topic, partition }) ?? 0) >= end;
  while (![...pending].every(isRead)) {
    for (const batch of await reader.poll({ waitMsMax: 20 })) {
      while (batch.next()) {
        const { partition, offset, key, value } = batch;
        const text = key === null ? null : decodeUtf8(key);
        records.push({ partition, offset, key: text, value: value?.slice() ?? null });
      }
      batch.release();
    }
  }
  await reader.close();
  return records;
}
