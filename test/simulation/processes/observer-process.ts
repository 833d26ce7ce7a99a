import type { KafkaClient } from "@millrace/client";
import type { BatchReader, GroupMembership } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";
import type { Platform } from "@millrace/platform";

import { watched, type SimulationContext } from "../simulation-context.ts";
import { applicationId, linesTopic } from "../topics.ts";
import { connectToBroker } from "../../../packages/testing/src/simulate/world/connect-to-broker.ts";
import { judgeFailure } from "./judge-failure.ts";
import { nameOf, partitionsThere, takeRecords } from "./read-records.ts";

const lookIntervalMs = 150;
const lifeMsMax = 2_000;

/**
 * Reads all topics read-committed, on and on, and starts again from somewhere it has been before; asks for
 * ends and committed offsets now and then.
 */
export async function runObserver(real: Platform, context: SimulationContext): Promise<void> {
  const platform = watched(real, context);
  const positions = new Map<string, number>();
  while (!context.progress.ending.signal.aborted) {
    const client = connectToBroker(platform, "observer");
    try {
      await observe(client, platform, context, positions);
    } catch (error) {
      judgeFailure(context.history, "observer", error);
    }
    await client.close();
    await platform.timers.sleep(20);
  }
}

async function observe(
  client: KafkaClient,
  platform: Platform,
  context: SimulationContext,
  positions: Map<string, number>,
): Promise<void> {
  const { clock, random } = platform;
  const { history, progress } = context;
  const endMs = progress.isHealed ? Infinity : clock.monotonicMs() + random.below(lifeMsMax);
  const isFromStart = random.below(3) === 0;
  const reader = client.openReader({ isolation: "read_committed", fetchWaitMsMax: 200 });
  const membership = client.openMembership({
    groupId: applicationId,
    assignors: [],
    topics: () => [],
  });
  let partitions: readonly TopicPartition[] = [];
  let nextLookMs = 0;
  while (clock.monotonicMs() < endMs && !progress.ending.signal.aborted) {
    if (partitions.length < context.watched.length) {
      const known = new Set(partitions.map(nameOf));
      const there = await partitionsThere(client, context.watched);
      const added = there.filter((partition) => !known.has(nameOf(partition)));
      partitions = there;
      reader.assign(
        added.map((partition) => ({
          ...partition,
          offset: isFromStart ? 0 : (positions.get(nameOf(partition)) ?? 0),
        })),
      );
    }
    for (const batch of await reader.poll({ waitMsMax: 100 }))
      takeRecords(batch, (record) => history.see(nameOf(batch), record));
    for (const partition of partitions) {
      const end = reader.endOffset(partition);
      if (end !== undefined) history.seeFetchedEnd(nameOf(partition), end);
      const position = reader.position(partition);
      if (position !== undefined) positions.set(nameOf(partition), position);
    }
    if (clock.monotonicMs() < nextLookMs || partitions.length === 0) continue;
    await look({ client, reader, membership, partitions }, context);
    nextLookMs = clock.monotonicMs() + lookIntervalMs;
  }
}

interface Looking {
  readonly client: KafkaClient;
  readonly reader: BatchReader;
  readonly membership: GroupMembership;
  readonly partitions: readonly TopicPartition[];
}

/** One question after the other: no answer is older than the one before. */
async function look(
  { client, reader, membership, partitions }: Looking,
  { options, history, progress, watched: all, inputs: names }: SimulationContext,
): Promise<void> {
  // What was there when the look began is no end while a loader can still write.
  const isLoaded = progress.finishedLoaders.size === options.loaders.length;
  const inputs = partitions.filter(({ topic }) => names.has(topic));
  const committed = await membership.committed(inputs);
  for (const input of inputs) {
    const found = committed.find((one) => nameOf(one) === nameOf(input));
    history.seeCommitted(nameOf(input), found?.offset);
  }
  const latest = partitions.map((partition) => ({ ...partition, at: "latest" as const }));
  const ends = await client.admin.listOffsets(latest, { isolation: "read_uncommitted" });
  const byTopic = new Map<string, number[]>();
  for (const { topic, offset } of ends) byTopic.set(topic, [...(byTopic.get(topic) ?? []), offset]);
  for (const { topic, partition, offset } of committed)
    if (topic === linesTopic) history.commits.push({ partition, offset, ends: byTopic });
  const stable = await client.admin.listOffsets(latest, { isolation: "read_committed" });
  for (const one of stable) history.seeListedEnd(nameOf(one), one.offset);
  progress.isCaughtUp =
    isLoaded &&
    partitions.length === all.length &&
    stable.every(
      (end, index) => end.offset >= ends[index].offset && (reader.position(end) ?? 0) >= end.offset,
    );
}
