// Visitors of a shop in one hour, on a broker that starts with it: prints the products that are looked at most.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect, EmbeddedCluster, int64AsNumber, json, StreamsApp, string } from "millrace";

import { topics, trendingTopology, trends, type Trend, type View } from "./topology.ts";

const hour = Date.UTC(2026, 0, 5, 12);
const views: readonly (View & { readonly visitor: string })[] = [
  { visitor: "ada", product: "plums", weight: 1 },
  { visitor: "bob", product: "pears", weight: 1 },
  { visitor: "eve", product: "plums", weight: 1 },
  { visitor: "ada", product: "apples", weight: 5 }, // into the cart
  { visitor: "bob", product: "figs", weight: 1 },
  { visitor: "eve", product: "pears", weight: 1 },
  { visitor: "ada", product: "pears", weight: 1 },
];

const folder = mkdtempSync(join(tmpdir(), "millrace-trending-"));
const cluster = await EmbeddedCluster.start({
  data: join(folder, "broker"),
  topics: { [topics.views]: 4, [topics.trending]: 1 },
});
const client = connect({ bootstrapServers: cluster.bootstrapServers });
try {
  const app = await StreamsApp.start(trendingTopology(), {
    applicationId: "trending",
    cluster,
    stateDirectory: join(folder, "state"),
  });
  try {
    const producer = client.producer({ key: string(), value: json<View>() });
    for (const [index, { visitor, ...value }] of views.entries()) {
      const timestamp = hour + index * 60_000;
      await producer.send({ topic: topics.views, key: visitor, value, timestamp });
    }
    for (const line of await lastList("apples 5, pears 3, plums 2")) console.log(line);
  } finally {
    await app.close();
  }
} finally {
  await client.close();
  await cluster.close();
  rmSync(folder, { recursive: true });
}

/** The lists until the last one, which says what all views together say. */
async function lastList(wanted: string): Promise<readonly string[]> {
  const consumer = client.consumer({
    topics: [topics.trending],
    autoOffsetReset: "earliest",
    key: int64AsNumber(),
    value: trends,
  });
  for await (const { key, value } of consumer) {
    if (key === null || value === null || shown(value) !== wanted) continue;
    return [`the hour of ${new Date(key).toISOString().slice(11, 16)}`, ...value.map(line)];
  }
  return [];
}

function shown(list: readonly Trend[]): string {
  return list.map(({ product, score }) => `${product} ${score}`).join(", ");
}

function line({ product, score }: Trend, index: number): string {
  return `${index + 1}. ${product} (${score})`;
}
