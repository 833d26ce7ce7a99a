// Parcels of a shop, on a broker that starts with it, and a carrier that is away for a while: prints what became of each.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect, EmbeddedCluster, StreamsApp, string } from "millrace";

import {
  bookingTopology,
  policies,
  topics,
  type Attempt,
  type Booked,
  type Carrier,
} from "./topology.ts";

const addresses = ["Rue de Rivoli 1", "Baker Street 221b", "nowhere", "Via Appia 3"];

/** It has never heard of "nowhere", and answers no question in Baker Street the first time. */
const book: Carrier = async (id, { address }, { attempt }) => {
  if (address === "nowhere") throw new Error("no such address");
  if (address.startsWith("Baker Street") && attempt === 1) throw new Error("try again later");
  return `T-${id}`;
};

const folder = mkdtempSync(join(tmpdir(), "millrace-dead-letters-"));
const every = Object.values(topics).flat();
const cluster = await EmbeddedCluster.start({
  data: join(folder, "broker"),
  topics: Object.fromEntries(every.map((topic) => [topic, 2])),
});
const client = connect({ bootstrapServers: cluster.bootstrapServers });
try {
  const topology = bookingTopology({ book, delaysMs: [300, 600], checkEvery: "100ms" });
  const app = await StreamsApp.start(topology, {
    applicationId: "parcels",
    cluster,
    stateDirectory: join(folder, "state"),
    ...policies,
  });
  try {
    const parcels = client.producer({ key: string(), value: string() });
    for (const [index, address] of addresses.entries())
      await parcels.send({
        topic: topics.parcels,
        key: String(index + 1),
        value: JSON.stringify({ address }),
      });
    await parcels.send({ topic: topics.parcels, key: "5", value: "no parcel at all" });
    for (const line of (await outcomes(5)).sort()) console.log(line);
  } finally {
    await app.close();
  }
} finally {
  await client.close();
  await cluster.close();
  rmSync(folder, { recursive: true });
}

async function outcomes(count: number): Promise<string[]> {
  const lines: string[] = [];
  const consumer = client.consumer({
    topics: [topics.booked, topics.dead, topics.unreadable],
    autoOffsetReset: "earliest",
    key: string(),
    value: string(),
  });
  for await (const { topic, key, value } of consumer) {
    lines.push(`parcel ${key}: ${tell(topic, value ?? "")}`);
    if (lines.length === count) break;
  }
  return lines;
}

function tell(topic: string, text: string): string {
  if (topic === topics.unreadable) return `"${text}" is none`;
  const { trackingNumber, failures } = JSON.parse(text) as Booked & Attempt;
  return topic === topics.booked ? `booked as ${trackingNumber}` : failures.join(", ");
}
