import type { ClusterClient } from "millrace";

import { hexOf } from "../values.ts";
import type { PlacedProgram } from "./placed-program.ts";

/** Per topic, the newest value and its time by key, in hex; deleted ones are not there. */
export type Tables = Readonly<Record<string, Table>>;

export type Table = Readonly<Record<string, Row>>;

/** A row has no time where Kafka's producer gave it the time of the day. */
type Row = readonly [value: string, timestamp: number | null];

/** What the sinks and changelogs of a program hold, as a reader of committed records sees it. */
export async function readTables(
  client: ClusterClient,
  placed: PlacedProgram,
  signal?: AbortSignal,
): Promise<Tables> {
  const { tableTopics, bufferTopics } = placed;
  const topics = await client.admin.describeTopics([...tableTopics.values()], signal);
  const partitions = [...topics.values()].flatMap(({ name: topic, partitionCount }) =>
    Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition })),
  );
  const partitionOf = new Map<string, number>();
  const tables = new Map<string, Map<string, Row>>(
    [...topics.keys()].map((topic) => [topic, new Map()]),
  );
  const ends = await client.admin.listOffsets(
    partitions.map((one) => ({ ...one, at: "latest" as const })),
    { isolation: "read_committed", ...(signal === undefined ? {} : { signal }) },
  );
  const reader = client.openReader({ isolation: "read_committed", fetchWaitMsMax: 20 });
  reader.assign(partitions.map((one) => ({ ...one, offset: 0 })));
  while (ends.some((end) => (reader.position(end) ?? 0) < end.offset)) {
    for (const batch of await reader.poll({ waitMsMax: 20, ...(signal && { signal }) })) {
      const table = tables.get(batch.topic);
      while (batch.next()) {
        const key = hexOf(batch.key);
        if (key === null) continue;
        const place = `${batch.topic} ${key}`;
        if ((partitionOf.get(place) ?? batch.partition) !== batch.partition)
          throw new Error(`the key ${key} is in two partitions of ${batch.topic}`);
        partitionOf.set(place, batch.partition);
        const value = hexOf(batch.value);
        table?.delete(key);
        if (value === null) continue;
        if (bufferTopics.has(batch.topic)) table?.set(key, [withoutPlace(value, placed), null]);
        else table?.set(key, [value, batch.timestamp]);
      }
      batch.release();
    }
  }
  await reader.close();
  const names = [...tableTopics].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(names.map(([name, topic]) => [name, sorted(tables.get(topic))]));
}

/** A buffered record names its topic: with the name that it has in the program. */
function withoutPlace(value: string, { readTopics, applicationId }: PlacedProgram): string {
  const named = readTopics.map((topic) => [topic, topic.slice(applicationId.length + 1)]);
  return named.reduce(
    (text, [topic, name]) => text.replace(hexOfName(topic), hexOfName(name)),
    value,
  );
}

/** With its size in front. */
function hexOfName(name: string): string {
  const size = Buffer.byteLength(name).toString(16).padStart(8, "0");
  return size + Buffer.from(name).toString("hex");
}

function sorted(table: ReadonlyMap<string, Row> = new Map()): Table {
  return Object.fromEntries([...table].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
