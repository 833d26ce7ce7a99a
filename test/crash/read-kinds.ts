import { decodeUtf8 } from "@millrace/model";
import { double, int64AsNumber, string, type KafkaClient, type Serde } from "millrace";

import type { Outcome } from "./compute-kinds-plainly.ts";
import { isFlush } from "./generate-kinds.ts";
import { outputs } from "./kinds-program.ts";
import { partitionCount } from "./partition-count.ts";
import { partitionsOf } from "./read-topic.ts";

type OutputTopic = (typeof outputs.tables | typeof outputs.lists)[number];

/** Their results leave once: several are kept as a list, which is none of those expected. */
const finalOnes: ReadonlySet<string> = new Set(["hopping", "sessions", "sevens"]);

/** All that the application has committed to its outputs. */
export async function readOutcome(client: KafkaClient): Promise<Outcome> {
  const outcome: Record<string, Outcome[string]> = {};
  for (const topic of outputs.lists) {
    const records = await readAll(client, topic, string());
    outcome[topic] = records.map(([, value]) => String(value)).sort();
  }
  for (const topic of outputs.tables) {
    const byKey = Map.groupBy(await readAll(client, topic, serdeOf(topic)), ([key]) => key);
    outcome[topic] = Object.fromEntries(
      [...byKey].map(([key, records]) => {
        const values = records.map(([, value]) => value);
        const keepsAll = topic === "recent" || (finalOnes.has(topic) && values.length > 1);
        return [key, keepsAll ? values : values.at(-1)];
      }),
    );
  }
  return outcome;
}

function serdeOf(topic: (typeof outputs.tables)[number]): Serde<unknown> {
  switch (topic) {
    case "sliding":
    case "sessions":
    case "recent":
      return int64AsNumber() as Serde<unknown>;
    case "owners":
    case "top":
      return string() as Serde<unknown>;
    default:
      return double() as Serde<unknown>;
  }
}

async function readAll(
  client: KafkaClient,
  topic: OutputTopic,
  serde: Serde<unknown> | Serde<string>,
): Promise<readonly (readonly [string, unknown])[]> {
  const partitions = partitionsOf(topic, partitionCount);
  const ends = await client.admin.listOffsets(
    partitions.map((one) => ({ ...one, at: "latest" as const })),
    { isolation: "read_committed" },
  );
  const reader = client.openReader({ isolation: "read_committed" });
  try {
    reader.assign(partitions.map((one) => ({ ...one, offset: 0 })));
    const records: (readonly [string, unknown])[] = [];
    while (ends.some((end) => (reader.position(end) ?? 0) < end.offset))
      for (const batch of await reader.poll({ waitMsMax: 1000 })) {
        while (batch.next()) {
          const key = decodeUtf8(batch.key ?? new Uint8Array());
          if (isFlush(key)) continue;
          records.push([key, batch.value === null ? null : serde.deserialize(batch.value, topic)]);
        }
        batch.release();
      }
    return records;
  } finally {
    await reader.close();
  }
}
