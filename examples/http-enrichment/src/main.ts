// Prices orders by a service that is slow and fails now and then, on a broker that starts with it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect, EmbeddedCluster, json, StreamsApp, string } from "millrace";

import { priceLookup } from "./look-up-price.ts";
import { PriceService } from "./price-service.ts";
import { enrichmentTopology, topics, type Customer, type Invoice, type Order } from "./topology.ts";

const orders = [
  { customer: "ada", id: "1", product: "pear", quantity: 4 },
  { customer: "bob", id: "2", product: "plum", quantity: 2 },
  { customer: "ada", id: "3", product: "unicorn", quantity: 1 }, // nobody knows what it costs
  { customer: "ada", id: "4", product: "plum", quantity: 10 },
];

const service = await PriceService.start({
  prices: { pear: 0.5, plum: 0.25 },
  delayMs: () => Math.random() * 200,
  isDown: () => Math.random() < 0.3,
});
const folder = mkdtempSync(join(tmpdir(), "millrace-enrichment-"));
const cluster = await EmbeddedCluster.start({
  data: join(folder, "broker"),
  topics: Object.fromEntries(Object.values(topics).map((topic) => [topic, 2])),
});
const client = connect({ bootstrapServers: cluster.bootstrapServers });
const customers = client.producer({ key: string(), value: json<Customer>() });
const ordered = client.producer({ key: string(), value: json<Order>() });
try {
  await customers.send({
    topic: topics.customers,
    key: "ada",
    value: { name: "Ada", discount: 0.1 },
  });
  await customers.send({
    topic: topics.customers,
    key: "bob",
    value: { name: "Bob", discount: 0 },
  });
  for (const { customer, ...order } of orders)
    await ordered.send({ topic: topics.orders, key: customer, value: order });
  const app = await StreamsApp.start(enrichmentTopology({ lookUp: priceLookup(service.address) }), {
    applicationId: "enrichment",
    cluster,
    stateDirectory: join(folder, "state"),
    deadLetterTopic: topics.deadLetters,
  });
  try {
    for (const line of (await invoices(3)).sort()) console.log(line);
    console.log(`order ${await deadLetter()} has no price`);
  } finally {
    await app.close();
  }
} finally {
  await client.close();
  await cluster.close();
  await service[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
}

async function invoices(count: number): Promise<string[]> {
  const lines: string[] = [];
  const consumer = client.consumer({
    topics: [topics.invoices],
    autoOffsetReset: "earliest",
    value: json<Invoice>(),
  });
  for await (const { value } of consumer) {
    if (value !== null) lines.push(`${value.name}, order ${value.order}: ${value.total}`);
    if (lines.length === count) break;
  }
  return lines;
}

async function deadLetter(): Promise<string | undefined> {
  const consumer = client.consumer({
    topics: [topics.deadLetters],
    autoOffsetReset: "earliest",
    value: json<Order>(),
  });
  for await (const { value } of consumer) return value?.id;
  return undefined;
}
