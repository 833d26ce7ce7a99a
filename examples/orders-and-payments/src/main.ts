// A morning in a shop, on a broker that starts with it: prints which orders were paid, and which were not.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect, EmbeddedCluster, json, StreamsApp, string } from "millrace";

import {
  ordersAndPayments,
  topics,
  type Order,
  type Payment,
  type Settlement,
} from "./topology.ts";

const minute = 60_000;
const morning = Date.UTC(2026, 0, 5, 8);

const folder = mkdtempSync(join(tmpdir(), "millrace-payments-"));
const cluster = await EmbeddedCluster.start({
  data: join(folder, "broker"),
  topics: Object.fromEntries(Object.values(topics).map((topic) => [topic, 1])),
});
const client = connect({ bootstrapServers: cluster.bootstrapServers });
const orders = client.producer({ key: string(), value: json<Order>() });
const payments = client.producer({ key: string(), value: json<Payment>() });
try {
  const app = await StreamsApp.start(ordersAndPayments(), {
    applicationId: "orders-and-payments",
    cluster,
    stateDirectory: join(folder, "state"),
    maxTaskIdle: "200ms", // orders and payments are taken in the order of their times
  });
  try {
    await order("1", 0, { customer: "ada", total: 50 });
    await order("2", 10, { customer: "bob", total: 20 });
    await pay("1", 20, { amount: 30 });
    await pay("1", 60, { amount: 20 }); // just in time
    await pay("9", 65, { amount: 5 }); // nobody ordered that
    await pay("2", 71, { amount: 20 }); // too late
    for (const line of (await settlements(5)).sort()) console.log(line);
  } finally {
    await app.close();
  }
} finally {
  await client.close();
  await cluster.close();
  rmSync(folder, { recursive: true });
}

async function order(id: string, minutes: number, value: Order): Promise<void> {
  await orders.send({
    topic: topics.orders,
    key: id,
    value,
    timestamp: morning + minutes * minute,
  });
}

async function pay(order: string, minutes: number, value: Payment): Promise<void> {
  const timestamp = morning + minutes * minute;
  await payments.send({ topic: topics.payments, key: order, value, timestamp });
}

/** What becomes of the first orders. Time moves with records alone: the shop goes on selling meanwhile. */
async function settlements(count: number): Promise<string[]> {
  let minutes = 3 * 60;
  const selling = setInterval(() => {
    order(`later at ${minutes}`, (minutes += 1), { customer: "eve", total: 1 }).catch(
      console.error,
    );
  }, 200);
  const lines: string[] = [];
  const consumer = client.consumer({
    topics: [topics.paid, topics.unpaid, topics.unexplained],
    autoOffsetReset: "earliest",
    key: string(),
    value: json<Settlement>(),
  });
  for await (const { key, value } of consumer) {
    if (value !== null) lines.push(describe(key ?? "", value));
    if (lines.length === count) break;
  }
  clearInterval(selling);
  return lines;
}

function describe(order: string, settlement: Settlement): string {
  switch (settlement.outcome) {
    case "paid":
      return `order ${order} was paid, ${settlement.open} open`;
    case "unpaid":
      return `order ${order} was not paid`;
    case "unexplained":
      return `a payment of ${settlement.amount} for ${order}, which is no order in time`;
  }
}
