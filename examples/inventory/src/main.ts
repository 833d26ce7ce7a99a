// A day in a small warehouse, on a broker that starts with it: prints what became of each order, and what runs low.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect, EmbeddedCluster, int64AsNumber, json, StreamsApp, string } from "millrace";

import { inventoryTopology, topics, type Order, type Settled } from "./topology.ts";

const hour = 3_600_000;
const morning = Date.UTC(2026, 0, 5, 8);
const deliveries = [
  { product: "pear", quantity: 5, at: morning },
  { product: "plum", quantity: 20, at: morning },
  { product: "pear", quantity: 4, at: morning + 3 * hour },
];
const orders = [
  { product: "pear", id: "1", quantity: 4, at: morning + hour },
  { product: "pear", id: "2", quantity: 3, at: morning + 2 * hour }, // waits for the next delivery
  { product: "fig", id: "3", quantity: 1, at: morning + 2 * hour }, // nobody has figs: cancelled a day later
  { product: "plum", id: "4", quantity: 2, at: morning + 30 * hour },
];

const folder = mkdtempSync(join(tmpdir(), "millrace-inventory-"));
const cluster = await EmbeddedCluster.start({
  data: join(folder, "broker"),
  // One partition each, so that the plums' order moves the time of the figs' as well.
  topics: Object.fromEntries(Object.values(topics).map((topic) => [topic, 1])),
});
const client = connect({ bootstrapServers: cluster.bootstrapServers });
try {
  const app = await StreamsApp.start(inventoryTopology({ checkEvery: "100ms" }), {
    applicationId: "inventory",
    cluster,
    stateDirectory: join(folder, "state"),
    maxTaskIdle: "200ms", // deliveries and orders are taken in the order of their times
  });
  try {
    await sendAll();
    for (const [id, { outcome }] of await settledOrders(orders.length))
      console.log(`order ${id} ${outcome}`);
    console.log(`${await nextReorder()} runs low`);
  } finally {
    await app.close();
  }
} finally {
  await client.close();
  await cluster.close();
  rmSync(folder, { recursive: true });
}

/** In the order of their times, as they would come over the day. */
async function sendAll(): Promise<void> {
  const delivered = client.producer({ key: string(), value: int64AsNumber() });
  const ordered = client.producer({ key: string(), value: json<Order>() });
  const send = [
    ...deliveries.map(({ product, quantity, at }) => ({
      at,
      to: () =>
        delivered.send({ topic: topics.deliveries, key: product, value: quantity, timestamp: at }),
    })),
    ...orders.map(({ product, at, ...order }) => ({
      at,
      to: () => ordered.send({ topic: topics.orders, key: product, value: order, timestamp: at }),
    })),
  ].sort((left, right) => left.at - right.at);
  for (const { to } of send) await to();
}

async function settledOrders(count: number): Promise<ReadonlyMap<string, Settled>> {
  const settled = new Map<string, Settled>();
  const consumer = client.consumer({
    topics: [topics.settled],
    autoOffsetReset: "earliest",
    value: json<Settled>(),
  });
  for await (const { value } of consumer) {
    if (value !== null) settled.set(value.id, value);
    if (settled.size === count) break;
  }
  return new Map([...settled].sort());
}

async function nextReorder(): Promise<string | null> {
  const consumer = client.consumer({
    topics: [topics.reorders],
    autoOffsetReset: "earliest",
    key: string(),
    value: int64AsNumber(),
  });
  for await (const { key } of consumer) return key;
  return null;
}
