// Webhooks, some of them twice, on a broker that starts with it: prints the balances that come of them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect, EmbeddedCluster, int64AsNumber, json, StreamsApp, string } from "millrace";

import { paymentsOnce, topics, type Webhook } from "./topology.ts";

const webhooks = [
  { account: "ada", event: "evt-1", cents: 1_000 },
  { account: "bob", event: "evt-2", cents: 500 },
  { account: "ada", event: "evt-1", cents: 1_000 }, // the provider had no answer in time
  { account: "ada", event: "evt-3", cents: 250 },
  { account: "bob", event: "evt-2", cents: 500 },
  { account: "bob", event: "evt-2", cents: 500 },
  { account: "bob", event: "evt-4", cents: -100 },
];

const folder = mkdtempSync(join(tmpdir(), "millrace-deduplication-"));
const cluster = await EmbeddedCluster.start({
  data: join(folder, "broker"),
  topics: { [topics.webhooks]: 4, [topics.payments]: 4, [topics.balances]: 4 },
});
const client = connect({ bootstrapServers: cluster.bootstrapServers });
try {
  const app = await StreamsApp.start(paymentsOnce(), {
    applicationId: "payments-once",
    cluster,
    stateDirectory: join(folder, "state"),
  });
  try {
    const producer = client.producer({ key: string(), value: json<Webhook>() });
    for (const { account, ...value } of webhooks)
      await producer.send({ topic: topics.webhooks, key: account, value });
    for (const line of await balances(4)) console.log(line);
  } finally {
    await app.close();
  }
} finally {
  await client.close();
  await cluster.close();
  rmSync(folder, { recursive: true });
}

/** The last balances after so many payments. */
async function balances(paymentCount: number): Promise<readonly string[]> {
  const last = new Map<string, number>();
  const consumer = client.consumer({
    topics: [topics.balances],
    autoOffsetReset: "earliest",
    key: string(),
    value: int64AsNumber(),
  });
  let count = 0;
  for await (const { key, value } of consumer) {
    if (key !== null && value !== null) last.set(key, value);
    count += 1;
    if (count === paymentCount) break;
  }
  return [...last].map(([account, cents]) => `${account}: ${cents}`).sort();
}
