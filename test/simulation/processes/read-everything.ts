import type { TopicPartition } from "@millrace/model";
import type { Platform } from "@millrace/platform";

import type { Everything, RawRecord } from "../everything.ts";
import type { SeenRecord } from "../history.ts";
import { isCompacted } from "../topics.ts";
import { connectToBroker } from "../../../packages/testing/src/simulate/world/connect-to-broker.ts";
import { nameOf, partitionsThere, takeRecords } from "./read-records.ts";

/** All that a read-committed reader can see, by partition. */
export async function readEverything(
  platform: Platform,
  watched: readonly TopicPartition[],
): Promise<Everything> {
  const client = connectToBroker(platform, "auditor");
  const reader = client.openReader({ isolation: "read_committed", fetchWaitMsMax: 50 });
  const partitions = await partitionsThere(client, watched);
  const [starts, ends] = [
    await client.admin.listOffsets(
      partitions.map((partition) => ({ ...partition, at: "earliest" as const })),
    ),
    await client.admin.listOffsets(
      partitions.map((partition) => ({ ...partition, at: "latest" as const })),
      { isolation: "read_committed" },
    ),
  ];
  const whole = new Map(
    partitions.map((partition, index) => {
      const records: SeenRecord[] = [];
      const raw: RawRecord[] = [];
      const found = { start: starts[index].offset, end: ends[index].offset, records, raw };
      return [nameOf(partition), found] as const;
    }),
  );
  reader.assign(starts.map(({ topic, partition, offset }) => ({ topic, partition, offset })));
  while (ends.some((end) => (reader.position(end) ?? 0) < end.offset)) {
    for (const batch of await reader.poll({ waitMsMax: 1_000 }))
      takeRecords(batch, (record, raw) => {
        const found = whole.get(nameOf(batch));
        found?.records.push(record);
        if (isCompacted(batch.topic)) found?.raw.push(raw());
      });
  }
  await client.close();
  return whole;
}
