// Devices with an old and a new schema send readings; bills grow, and a schema that would break their readers is refused.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { SchemaRegistryClient } from "@millrace/schema-registry";
import { avro } from "@millrace/serde-avro";
import { connect, EmbeddedCluster, StreamsApp, string } from "millrace";

import { billSchema, firstReadingSchema } from "./schemas.ts";
import { billTopology, topicsOf } from "./topology.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-avro-"));
const cluster = await EmbeddedCluster.start({
  data: join(folder, "broker"),
  schemaRegistry: true,
  topics: { readings: 2, bills: 2 },
});
const registry = new SchemaRegistryClient({ url: cluster.schemaRegistryUrl });
const { readings, bills } = topicsOf(registry);
const client = connect({ bootstrapServers: cluster.bootstrapServers });
const at = Date.UTC(2026, 10, 28);
try {
  const oldDevice = client.producer({
    key: string(),
    value: avro(firstReadingSchema, { registry }),
  });
  await oldDevice.send({ topic: "readings", key: "m-1", value: { meter: "m-1", at, kwh: 10 } });
  const newDevice = client.producer(readings);
  const value = { meter: "m-2", at, kwh: 2.5, kind: "SHOP" } as const;
  await newDevice.send({ topic: readings, key: "m-2", value });

  const app = await StreamsApp.start(billTopology(registry), {
    applicationId: "bills",
    cluster,
    stateDirectory: join(folder, "state"),
  });
  try {
    for (const text of (await read(2)).sort()) console.log(text);
  } finally {
    await app.close();
  }
  const fields = [...billSchema.fields, { name: "due", type: "string" }] as const;
  const newer = client.producer({
    key: string(),
    value: avro({ ...billSchema, fields }, { registry }),
  });
  const bill = { meter: "m-1", readings: 1, euros: "3.10", due: "today" };
  await newer
    .send({ topic: "bills", key: "m-1", value: bill })
    .catch((error: unknown) => console.log(`refused: ${(error as Error).message}`));
} finally {
  await client.close();
  await cluster.close();
  rmSync(folder, { recursive: true });
}

async function read(count: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const { value } of client.consumer({
    topics: [bills.name],
    autoOffsetReset: "earliest",
    value: bills.value,
  })) {
    if (value !== null) lines.push(`bill of ${value.meter}: ${value.euros} euros`);
    if (lines.length === count) break;
  }
  return lines;
}
