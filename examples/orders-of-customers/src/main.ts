// A day of changes in a shop's database, on a broker that starts with it: prints the turnover of each city at the end.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect, double, EmbeddedCluster, json, StreamsApp, string } from "millrace";

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
  const orders = client.producer({ key: string(), value: json<RowChange<Order>>() });
  const customers = client.producer({ key: string(), value: json<RowChange<Customer>>() });
  const customer = (key: string, after: Customer | null): Promise<unknown> =>
    customers.send({
      topic: topics.customers,
      key,
      value: { op: after === null ? "d" : "c", after },
    });
  const order = (key: string, after: Order | null): Promise<unknown> =>
    orders.send({ topic: topics.orders, key, value: { op: after === null ? "d" : "c", after } });
  await customer("ada", { name: "Ada", city: "London" });
  await customer("bob", { name: "Bob", city: "London" });
  await order("1", { customer: "ada", total: 7 });
  await order("2", { customer: "bob", total: 5 });
  await order("3", { customer: "bob", total: 9 });
  await order("3", null); // cancelled
  await customer("ada", { name: "Ada", city: "Paris" }); // and her orders with her
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
