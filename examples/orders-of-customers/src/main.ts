// A day of changes in a shop's database, on a broker that starts with it: prints the turnover of each city at the end.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect, double, EmbeddedCluster, json, optional, StreamsApp, string } from "millrace";

import {
  ordersOfCustomers,
  topics,
  type Customer,
  type Order,
  type RowChange,
} from "./topology.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-orders-"));
const cluster = await EmbeddedCluster.start({
  data: join(folder, "broker"),
  // A join by a foreign key does not ask for equal numbers of partitions.
  topics: { [topics.orders]: 4, [topics.customers]: 2, [topics.labelled]: 4, [topics.turnover]: 2 },
});
const client = connect({ bootstrapServers: cluster.bootstrapServers });
try {
  const app = await StreamsApp.start(ordersOfCustomers(), {
    applicationId: "orders-of-customers",
    cluster,
    stateDirectory: join(folder, "state"),
  });
  try {
    await changeTheDatabase();
    const turnover = await turnoverUntil({ London: 5, Paris: 7 });
    for (const [city, total] of turnover) console.log(`${city}: ${total}`);
  } finally {
    await app.close();
  }
} finally {
  await client.close();
  await cluster.close();
  rmSync(folder, { recursive: true });
}

async function changeTheDatabase(): Promise<void> {
  const order = captureOf<Order>(topics.orders);
  const customer = captureOf<Customer>(topics.customers);
  await customer("ada", { name: "Ada", city: "London" });
  await customer("bob", { name: "Bob", city: "London" });
  await order("1", { customer: "ada", total: 7 });
  await order("2", { customer: "bob", total: 5 });
  await order("3", { customer: "bob", total: 9 });
  await order("3", null); // cancelled
  await customer("ada", { name: "Ada", city: "Paris" }); // and her orders with her
}

/** Writes what change data capture would write of a table. */
function captureOf<Row>(topic: string): (key: string, after: Row | null) => Promise<void> {
  const changes = client.producer({ key: string(), value: optional(json<RowChange<unknown>>()) });
  const rows = new Map<string, Row>();
  return async (key, after) => {
    const before = rows.get(key) ?? null;
    const op = after === null ? "d" : before === null ? "c" : "u";
    await changes.send({ topic, key, value: { op, before, after } });
    if (after !== null) rows.set(key, after);
    else await changes.send({ topic, key, value: null }); // so that compaction forgets the row
  };
}

/** The last turnover of each city, once it is what was expected. */
async function turnoverUntil(
  expected: Readonly<Record<string, number>>,
): Promise<readonly (readonly [string, number])[]> {
  const found = new Map<string, number>();
  const consumer = client.consumer({
    topics: [topics.turnover],
    autoOffsetReset: "earliest",
    key: string(),
    value: double(),
  });
  for await (const { key, value } of consumer) {
    if (key !== null && value !== null) found.set(key, value);
    if (Object.entries(expected).every(([city, total]) => found.get(city) === total)) break;
  }
  return [...found].sort();
}
