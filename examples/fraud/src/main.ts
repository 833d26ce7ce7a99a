// Card payments around noon, on a broker that starts with it: prints the alarms.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect, EmbeddedCluster, json, StreamsApp, string } from "millrace";

import { fraudTopology, topics, type Alarm, type Payment } from "./topology.ts";

const noon = Date.UTC(2026, 0, 5, 12);
const payments = [
  { card: "4711", minutes: -3, cents: 500, country: "FR" },
  { card: "4711", minutes: -2, cents: 700, country: "FR" },
  { card: "4712", minutes: -1, cents: 9_900, country: "FR" },
  { card: "4711", minutes: -1, cents: 300, country: "FR" },
  { card: "4711", minutes: 1, cents: 900, country: "FR" },
  { card: "4713", minutes: 2, cents: 99_000, country: "FR" },
  { card: "4711", minutes: 3, cents: 200, country: "FR" }, // the fifth: two of six minutes, three of the next six
  { card: "4712", minutes: 4, cents: 1_500, country: "PE" },
  { card: "4713", minutes: 13, cents: 99_000, country: "FR" }, // eleven minutes later
];

const folder = mkdtempSync(join(tmpdir(), "millrace-fraud-"));
const cluster = await EmbeddedCluster.start({
  data: join(folder, "broker"),
  topics: { [topics.payments]: 4, [topics.alarms]: 4 },
});
const client = connect({ bootstrapServers: cluster.bootstrapServers });
try {
  const app = await StreamsApp.start(fraudTopology(), {
    applicationId: "fraud",
    cluster,
    stateDirectory: join(folder, "state"),
  });
  try {
    const producer = client.producer({ key: string(), value: json<Payment>() });
    for (const { card, minutes, ...value } of payments) {
      const timestamp = noon + minutes * 60_000;
      await producer.send({ topic: topics.payments, key: card, value, timestamp });
    }
    for (const line of (await alarms(2)).sort()) console.log(line);
  } finally {
    await app.close();
  }
} finally {
  await client.close();
  await cluster.close();
  rmSync(folder, { recursive: true });
}

async function alarms(count: number): Promise<string[]> {
  const lines: string[] = [];
  const consumer = client.consumer({
    topics: [topics.alarms],
    autoOffsetReset: "earliest",
    key: string(),
    value: json<Alarm>(),
  });
  for await (const { key, value } of consumer) {
    if (value !== null) lines.push(`card ${key}: ${value.reason} (${details(value)})`);
    if (lines.length === count) break;
  }
  return lines;
}

function details({ count, countries, from, to }: Alarm): string {
  const time = (at: number) => new Date(at).toISOString().slice(11, 16);
  return countries.length > 1 ? countries.join(", ") : `${count} from ${time(from)} to ${time(to)}`;
}
