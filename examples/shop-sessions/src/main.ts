// An hour in a web shop, on a broker that starts with it: prints the visits, and what was left in carts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect, EmbeddedCluster, json, StreamsApp, string } from "millrace";

import { shopSessions, topics, type ShopEvent, type Visit } from "./topology.ts";

const minute = 60_000;
const noon = Date.UTC(2026, 0, 5, 12);
const events = [
  { visitor: "ada", minutes: 0, event: { page: "/" } },
  { visitor: "ada", minutes: 3, event: { page: "/pears", cart: 1200 } },
  { visitor: "bob", minutes: 5, event: { page: "/" } },
  { visitor: "ada", minutes: 12, event: { page: "/pay", isPaid: true } },
  { visitor: "bob", minutes: 50, event: { page: "/plums", cart: 800 } },
  { visitor: "bob", minutes: 28, event: { page: "/figs" } }, // late: it makes one visit of two
  { visitor: "ada", minutes: 90, event: { page: "/orders" } },
];

const folder = mkdtempSync(join(tmpdir(), "millrace-sessions-"));
const cluster = await EmbeddedCluster.start({
  data: join(folder, "broker"),
  topics: Object.fromEntries(Object.values(topics).map((topic) => [topic, 1])),
});
const client = connect({ bootstrapServers: cluster.bootstrapServers });
const producer = client.producer({ key: string(), value: json<ShopEvent>() });
try {
  const app = await StreamsApp.start(shopSessions({ grace: "30m" }), {
    applicationId: "shop-sessions",
    cluster,
    stateDirectory: join(folder, "state"),
  });
  try {
    for (const { visitor, minutes, event } of events) await send(visitor, minutes, event);
    for (const line of await told(4)) console.log(line);
  } finally {
    await app.close();
  }
} finally {
  await client.close();
  await cluster.close();
  rmSync(folder, { recursive: true });
}

async function send(visitor: string, minutes: number, event: ShopEvent): Promise<void> {
  const timestamp = noon + minutes * minute;
  await producer.send({ topic: topics.events, key: visitor, value: event, timestamp });
}

/** What is told of the first visitors. Time moves with records alone: others come meanwhile. */
async function told(count: number): Promise<string[]> {
  let minutes = 24 * 60;
  const visiting = setInterval(() => {
    send("somebody", (minutes += 1), { page: "/" }).catch(console.error);
  }, 200);
  const lines: string[] = [];
  const consumer = client.consumer({
    topics: [topics.visits, topics.abandoned],
    autoOffsetReset: "earliest",
    key: string(),
    value: json<Visit>(),
  });
  for await (const { topic, key, value } of consumer) {
    if (key === null || value === null) continue;
    lines.push(
      topic === topics.abandoned ? `${key} left ${value.inCart} in the cart` : tell(key, value),
    );
    if (lines.length === count) break;
  }
  clearInterval(visiting);
  return lines.sort();
}

function tell(visitor: string, { from, to, pageCount, spent }: Visit): string {
  const pages = pageCount === 1 ? "1 page" : `${pageCount} pages`;
  return `${visitor}: ${pages} in ${(to - from) / minute} minutes, ${spent} spent`;
}
