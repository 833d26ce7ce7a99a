import type { Platform } from "@millrace/platform";

import type { SeenRecord } from "../history.ts";
import { watchedTopics } from "../topology.ts";
import { connectToBroker } from "./cluster-connection.ts";
import { nameOf, partitionsThere, takeRecords } from "./read-records.ts";

export interface WholePartition {
  readonly start: number;
  readonly end: number;
  /** In the order in which they came. */
  readonly records: readonly SeenRecord[];
}

/** All that a read-committed reader can see, by partition. */
export async function readEverything(
  platform: Platform,
): Promise<ReadonlyMap<string, WholePartition>> {
  const client = connectToBroker(platform, "auditor");
  const reader = client.openReader({ isolation: "read_committed", fetchWaitMsMax: 50 });
  const partitions = partitionsThere(await client.admin.describeTopics(watchedTopics));
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
      const found = { start: starts[index].offset, end: ends[index].offset, records };
      return [nameOf(partition), found] as const;
    }),
  );
  reader.assign(starts.map(({ topic, partition, offset }) => ({ topic, partition, offset })));
  while (ends.some((end) => (reader.position(end) ?? 0) < end.offset)) {
    for (const batch of await reader.poll({ waitMsMax: 1_000 }))
      takeRecords(batch, (record) => whole.get(nameOf(batch))?.records.push(record));
  }
  await client.close();
  return whole;
}
