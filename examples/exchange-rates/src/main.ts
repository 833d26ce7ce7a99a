// Converts payments on a broker that starts with it; while it runs a rate changes, and an account is closed.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect, double, EmbeddedCluster, json, StreamsApp, string } from "millrace";

import {
  exchangeTopology,
  topics,
  type EuroPayment,
  type Payment,
  type RefusedPayment,
} from "./topology.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-exchange-"));
const cluster = await EmbeddedCluster.start({
  data: join(folder, "broker"),
  topics: { ...Object.fromEntries(Object.values(topics).map((topic) => [topic, 2])), payments: 4 },
});
const client = connect({ bootstrapServers: cluster.bootstrapServers });
const rates = client.producer({ key: string(), value: double() });
const closures = client.producer({ key: string(), value: string() });
const payments = client.producer({ key: string(), value: json<Payment>() });
try {
  await rates.send({ topic: topics.rates, key: "USD", value: 0.9 });
  await rates.send({ topic: topics.rates, key: "GBP", value: 1.2 });
  // The rates that are there are loaded before the first payment is looked at.
  const app = await StreamsApp.start(exchangeTopology(), {
    applicationId: "exchange",
    cluster,
    stateDirectory: join(folder, "state"),
  });
  try {
    await pay("ada", { id: "1", amount: 10, currency: "USD" });
    await pay("bob", { id: "2", amount: 10, currency: "GBP" });
    await pay("bob", { id: "3", amount: 10, currency: "XAU" });
    for (const line of (await settled(3)).sort()) console.log(line);
    await closures.send({ topic: topics.closures, key: "bob", value: "moved away" });
    await waitUntilClosed();
    console.log("bob's account is closed");
  } finally {
    await app.close();
  }
} finally {
  await client.close();
  await cluster.close();
  rmSync(folder, { recursive: true });
}

async function pay(account: string, payment: Payment): Promise<void> {
  await payments.send({ topic: topics.payments, key: account, value: payment });
}

/** What became of so many payments. */
async function settled(count: number): Promise<string[]> {
  const lines: string[] = [];
  const consumer = client.consumer({
    topics: [topics.inEuro, topics.refused],
    autoOffsetReset: "earliest",
    value: json<EuroPayment & RefusedPayment>(),
  });
  for await (const { topic, value } of consumer) {
    if (value === null) continue;
    const outcome = topic === topics.inEuro ? `${value.euro} euro` : value.reason;
    lines.push(`payment ${value.id}: ${outcome}`);
    if (lines.length === count) break;
  }
  return lines;
}

/** The stores follow their topics in no order with the payments: so it pays until a payment is refused. */
async function waitUntilClosed(): Promise<void> {
  const consumer = client.consumer({
    topics: [topics.refused],
    autoOffsetReset: "earliest",
    value: json<RefusedPayment>(),
  });
  const paying = setInterval(() => {
    pay("bob", { id: "4", amount: 1, currency: "GBP" }).catch(console.error);
  }, 50);
  for await (const { value } of consumer) if (value?.reason === "moved away") break;
  clearInterval(paying);
}
