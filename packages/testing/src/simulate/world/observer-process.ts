import type { KafkaClient } from "@millrace/client";
import type { BatchReader, GroupMembership } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";
import type { Platform } from "@millrace/platform";

import { connectToBroker } from "./connect-to-broker.ts";
import { nameOf, takeRecords } from "./read-partitions.ts";
import { applicationId, type SimulationContext } from "./simulation-context.ts";

const lookIntervalMs = 100;
const retryMs = 20;

/** Reads all topics as a reader of committed records does, and looks now and then whether anything is left to do. */
export async function runObserver(platform: Platform, context: SimulationContext): Promise<void> {
  const positions = new Map<string, number>();
  for (;;) {
    const client = connectToBroker(platform, "observer");
    try {
      await observe(client, platform, context, positions);
    } catch {
      // The broker is away; the next one begins where this one was.
    }
    await client.close();
    await platform.timers.sleep(retryMs);
  }
}

async function observe(
  client: KafkaClient,
  { clock }: Platform,
  context: SimulationContext,
  positions: Map<string, number>,
): Promise<void> {
  const { history, topics } = context;
  const reader = client.openReader({ isolation: "read_committed", fetchWaitMsMax: 200 });
  const membership = client.openMembership({
    groupId: applicationId,
    assignors: [],
    topics: () => [],
  });
  const there = await client.admin.describeTopics(topics);
  const partitions = [...there.values()].flatMap((found) =>
    Array.from({ length: found.partitionCount }, (_, partition) => ({
      topic: found.name,
      partition,
    })),
  );
  reader.assign(partitions.map((one) => ({ ...one, offset: positions.get(nameOf(one)) ?? 0 })));
  let nextLookMs = 0;
  for (;;) {
    for (const batch of await reader.poll({ waitMsMax: 50 }))
      takeRecords(batch, (record) => history.see(record));
    for (const partition of partitions) {
      const position = reader.position(partition);
      if (position !== undefined) positions.set(nameOf(partition), position);
    }
    if (clock.monotonicMs() < nextLookMs) continue;
    context.progress.remaining = await look({ client, reader, membership, partitions }, context);
    context.progress.looks += 1;
    nextLookMs = clock.monotonicMs() + lookIntervalMs;
    // Topics that the application makes for itself come later.
    if (there.size < topics.length) return;
  }
}

interface Looking {
  readonly client: KafkaClient;
  readonly reader: BatchReader;
  readonly membership: GroupMembership;
  readonly partitions: readonly TopicPartition[];
}

/** What is left to do: undefined where all records are committed, and none is in an open transaction. */
async function look(
  { client, reader, membership, partitions }: Looking,
  { history, progress, sources }: SimulationContext,
): Promise<string | undefined> {
  const { isLoaded } = progress;
  const inputs = partitions.filter(({ topic }) => sources.has(topic));
  const committed = await membership.committed(inputs);
  const latest = partitions.map((partition) => ({ ...partition, at: "latest" as const }));
  const ends = await client.admin.listOffsets(latest, { isolation: "read_uncommitted" });
  const stable = await client.admin.listOffsets(latest, { isolation: "read_committed" });
  if (!isLoaded) return "not all inputs are written";
  for (const [index, end] of stable.entries()) {
    if (end.offset < ends[index].offset) return `a transaction is open in ${nameOf(end)}`;
    if ((reader.position(end) ?? 0) < end.offset) return `${nameOf(end)} is not read to its end`;
  }
  for (const one of inputs) {
    const last = history.seen(one.topic).findLast(({ partition }) => partition === one.partition);
    const found = committed.find((offset) => nameOf(offset) === nameOf(one));
    if (last !== undefined && (found?.offset ?? 0) <= last.offset)
      return `${nameOf(one)} is processed up to offset ${found?.offset ?? 0}, its last record is ${last.offset}`;
  }
  return undefined;
}
