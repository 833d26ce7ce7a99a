import type { ClusterClient } from "millrace";

import { endsOf } from "./topic-partitions.ts";

export interface ReadRecord {
  readonly timestamp: number;
  /** Views: valid during the call only. */
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

/** Gives every committed record of a topic, in order within each partition. */
export async function readTopic(
  client: ClusterClient,
  topic: string,
  onRecord: (record: ReadRecord) => void,
): Promise<void> {
  const ends = await endsOf(client, [topic], "read_committed");
  const reader = client.openReader({ isolation: "read_committed" });
  try {
    reader.assign(ends.map((end) => ({ ...end, offset: 0 })));
    while (ends.some((end) => (reader.position(end) ?? 0) < end.offset)) {
      for (const batch of await reader.poll({ waitMsMax: 1000 })) {
        while (batch.next()) onRecord(batch);
        batch.release();
      }
    }
  } finally {
    await reader.close();
  }
}
