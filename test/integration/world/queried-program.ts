import { encodeUtf8, murmur2, noHeaders } from "@millrace/model";
import { string } from "@millrace/serde";
import { session, StreamsBuilder, tumbling } from "@millrace/streams";

import type { TestWorld } from "./test-world.ts";

/** Of `words` and of `prices`. */
export const partitions = 3;

/** Topics of `queriedProgram`, by how many partitions they have. */
export const queriedTopics = { words: partitions, prices: partitions, rates: 2 } as const;

export const text = { key: string(), value: string() };

/** Stores of each kind that is asked. */
export function queriedProgram() {
  const builder = new StreamsBuilder();
  const words = builder.stream("words", text);
  const grouped = words.groupByKey();
  const counts = grouped.count({ store: "counts" });
  const perMinute = grouped
    .windowedBy(tumbling("1m", { grace: "1h" }))
    .count({ store: "per-minute" });
  const visits = grouped.windowedBy(session("10s", { grace: "1h" })).count({ store: "visits" });
  const prices = builder.table("prices", {
    ...text,
    store: { name: "prices", historyRetention: "1h" },
  });
  const rates = builder.globalTable("rates", { ...text, store: "rates" });
  return { topology: builder.build(), counts, perMinute, visits, prices, rates };
}

/** Where Kafka's clients write a key. */
export function partitionOf(key: string, count: number): number {
  return (murmur2(encodeUtf8(key)) & 0x7fffffff) % count;
}

export async function writeTexts(
  { client }: TestWorld,
  topic: string,
  records: readonly (readonly [key: string, value: string | null, timestamp?: number])[],
): Promise<void> {
  const writer = client.openWriter({});
  await writer.prepare([topic]);
  const count = writer.partitionCount(topic) ?? 1;
  for (const [key, value, timestamp = 1000] of records)
    writer
      .partition(topic, partitionOf(key, count))
      .append(timestamp, encodeUtf8(key), value === null ? null : encodeUtf8(value), noHeaders);
  await writer.flush();
  await writer.close();
}
