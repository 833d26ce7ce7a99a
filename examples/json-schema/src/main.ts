// Writes invoices for orders that a schema allows, leaves out one that it does not, and asks for a schema that would break.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { SchemaRegistryClient } from "@millrace/schema-registry";
import { connect, EmbeddedCluster, json, StreamsApp, string } from "millrace";

import { invoiceSchema } from "./schemas.ts";
import { invoiceTopology, topicsOf } from "./topology.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-json-schema-"));
const cluster = await EmbeddedCluster.start({
  data: join(folder, "broker"),
  topics: { orders: 2, invoices: 2, "unreadable-orders": 1 },
  schemaRegistry: true,
});
const registry = new SchemaRegistryClient({ url: cluster.schemaRegistryUrl });
const { orders, invoices } = topicsOf(registry);
const client = connect({ bootstrapServers: cluster.bootstrapServers });
try {
  const app = await StreamsApp.start(invoiceTopology(registry), {
    applicationId: "invoices",
    cluster,
    stateDirectory: join(folder, "state"),
    // What others write may be anything: it is kept aside, and the others go on.
    onDeserializationError: "continue",
    deadLetterTopic: "unreadable-orders",
  });
  try {
    const line = { sku: "wheel", count: 2, cents: 450 };
    const producer = client.producer(orders);
    await producer.send({ topic: orders, key: "ada", value: { id: "PL-1", lines: [line] } });
    const foreign = client.producer({ key: string(), value: json() });
    await foreign.send({ topic: "orders", key: "bob", value: { id: "no schema" } });
    const express = { id: "PL-2", lines: [line], express: true };
    await producer.send({ topic: orders, key: "cyd", value: express });
    await producer
      .send({ topic: orders, key: "ada", value: { id: "PL-3", lines: [] } })
      .catch((error: unknown) => console.log(`refused: ${(error as Error).message}`));
    for (const text of (await read(2)).sort()) console.log(text);
  } finally {
    await app.close();
  }
  const { properties } = invoiceSchema;
  const newer = {
    ...invoiceSchema,
    properties: { ...properties, due: { type: "string" } },
    required: ["order", "cents", "due"],
  };
  const schema = { schemaType: "JSON", schema: JSON.stringify(newer) } as const;
  const verdict = await registry.testCompatibility("invoices-value", schema);
  const [reason] = verdict.messages;
  console.log(`a newer schema is ${verdict.isCompatible ? "taken" : `refused: ${reason}`}`);
} finally {
  await client.close();
  await cluster.close();
  rmSync(folder, { recursive: true });
}

async function read(count: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const { value } of client.consumer({
    topics: [invoices.name],
    autoOffsetReset: "earliest",
    value: invoices.value,
  })) {
    if (value !== null) lines.push(`invoice of ${value.order}: ${value.cents} cents`);
    if (lines.length === count) break;
  }
  return lines;
}
