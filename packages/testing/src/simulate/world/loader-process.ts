import type { KafkaClient } from "@millrace/client";
import type { BatchWriter } from "@millrace/cluster";
import type { Platform } from "@millrace/platform";

import type { PlannedSend } from "../plan/run-plan.ts";
import { connectToBroker } from "./connect-to-broker.ts";
import { nameOf, takeRecords } from "./read-partitions.ts";
import type { SimulationContext } from "./simulation-context.ts";

const sendsPerTransactionMax = 20;
const retryMs = 20;

/**
 * Writes the records of the plan when they are due, each exactly once: in transactions, and whoever does not know what
 * became of one counts what is there.
 */
export async function runLoader(platform: Platform, context: SimulationContext): Promise<void> {
  const { progress } = context;
  const told = new Set<PlannedSend>();
  for (;;) {
    const client = connectToBroker(platform, "loader");
    try {
      await load(platform, context, { client, told });
      progress.isLoaded = true;
      await client.close();
      return;
    } catch {
      // The broker is away, or has lost the transaction: what is there tells where to go on.
    }
    await client.close();
    await platform.timers.sleep(retryMs);
  }
}

async function load(
  platform: Platform,
  { plan, history, progress, simulator }: SimulationContext,
  { client, told }: { readonly client: KafkaClient; readonly told: Set<PlannedSend> },
): Promise<void> {
  const topics = [...new Set(plan.sends.map(({ topic }) => topic))];
  if (topics.length === 0) return;
  const writer = client.openWriter({
    transactionalId: "simulation",
    transactionTimeoutMs: 2_000,
    deliveryTimeoutMs: 5_000,
    lingerMs: 0,
  });
  // Nothing of an earlier transaction comes after this.
  await writer.initialize();
  await writer.prepare(topics);
  const left = await unwritten(client, plan.sends);
  while (left.length > 0) {
    const elapsedMs = (): number => simulator.nowMs - progress.startMs;
    const waitMs = left[0].atMs - elapsedMs();
    if (waitMs > 0 && !progress.isHealed) await platform.timers.sleep(waitMs);
    const isDue = ({ atMs }: PlannedSend): boolean => progress.isHealed || atMs <= elapsedMs();
    const undue = left.findIndex((send) => !isDue(send));
    const due = undue < 0 ? left.length : Math.max(1, undue);
    const sends = left.splice(0, Math.min(due, sendsPerTransactionMax));
    for (const send of sends)
      if (!told.has(send)) {
        told.add(send);
        history.send(send);
      }
    await write(writer, sends);
  }
  await writer.close(1_000);
}

async function write(writer: BatchWriter, sends: readonly PlannedSend[]): Promise<void> {
  writer.begin();
  for (const { topic, partition, timestamp, key, value, headers } of sends)
    writer.partition(topic, partition).append(timestamp, key, value, headers);
  await writer.commit();
}

/** Of each partition those after as many as it has, in the order of all. */
async function unwritten(
  client: KafkaClient,
  sends: readonly PlannedSend[],
): Promise<PlannedSend[]> {
  const byName = new Map(sends.map((send) => [nameOf(send), send]));
  const partitions = [...byName.values()].map(({ topic, partition }) => ({ topic, partition }));
  const ends = await client.admin.listOffsets(
    partitions.map((partition) => ({ ...partition, at: "latest" as const })),
    { isolation: "read_committed" },
  );
  const reader = client.openReader({ isolation: "read_committed", fetchWaitMsMax: 20 });
  reader.assign(partitions.map((partition) => ({ ...partition, offset: 0 })));
  const counts = new Map<string, number>();
  while (ends.some((end) => (reader.position(end) ?? 0) < end.offset))
    for (const batch of await reader.poll({ waitMsMax: 500 }))
      takeRecords(batch, (record) =>
        counts.set(nameOf(record), (counts.get(nameOf(record)) ?? 0) + 1),
      );
  await reader.close();
  const passed = new Map<string, number>();
  return sends.filter((send) => {
    const name = nameOf(send);
    const index = passed.get(name) ?? 0;
    passed.set(name, index + 1);
    return index >= (counts.get(name) ?? 0);
  });
}
