import type { KafkaClient } from "millrace";

import { partitionCount } from "../../conformance/application/placed-program.ts";

export interface ReadRecord {
  readonly key: string;
  /** Empty where the record has none. */
  readonly value: Uint8Array;
  readonly timestamp: number;
}

const nothing = new Uint8Array(0);

/** All that is committed of a topic, in the order of each partition; the bytes of keys as Latin-1. */
export async function readRecords(client: KafkaClient, topic: string): Promise<ReadRecord[]> {
  const partitions = Array.from({ length: partitionCount }, (_, partition) => ({
    topic,
    partition,
  }));
  const ends = await client.admin.listOffsets(
    partitions.map((one) => ({ ...one, at: "latest" as const })),
    { isolation: "read_committed" },
  );
  const reader = client.openReader({ isolation: "read_committed" });
  const records: ReadRecord[] = [];
  try {
    reader.assign(partitions.map((one) => ({ ...one, offset: 0 })));
    while (ends.some((end) => (reader.position(end) ?? 0) < end.offset))
      for (const batch of await reader.poll({ waitMsMax: 500 })) {
        while (batch.next()) {
          const { key, value, timestamp } = batch;
          if (key === null) throw new Error(`${topic} has a record without a key`);
          records.push({
            key: Buffer.from(key).toString("latin1"),
            value: value?.slice() ?? nothing,
            timestamp,
          });
        }
        batch.release();
      }
  } finally {
    await reader.close();
  }
  return records;
}
