// Writes bills for orders, by a program that knows less than the newer one that wrote them; a broker and a schema registry start with it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { SchemaRegistryClient } from "@millrace/schema-registry";
import { protobuf } from "@millrace/serde-protobuf";
import { connect, EmbeddedCluster, StreamsApp } from "millrace";

import { orderProto, references, type Order } from "./messages.ts";
import { billTopology, topicsOf } from "./topology.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-protobuf-"));
const cluster = await EmbeddedCluster.start({
  data: join(folder, "broker"),
  topics: { orders: 2, bills: 2 },
  schemaRegistry: true,
});
const registry = new SchemaRegistryClient({ url: cluster.schemaRegistryUrl });
const { orders, bills } = topicsOf(registry);
const client = connect({ bootstrapServers: cluster.bootstrapServers });
try {
  const app = await StreamsApp.start(billTopology(registry), {
    applicationId: "bills",
    cluster,
    stateDirectory: join(folder, "state"),
  });
  try {
    const wheel = { sku: "wheel", count: 2, price: { currency: "EUR", cents: 450n } };
    const placedAt = { seconds: 1_767_225_600n, nanos: 0 };
    const producer = client.producer(orders);
    await producer.send({
      topic: orders,
      key: "ada",
      value: { id: "1", placedAt, lines: [wheel], card: "4242" },
    });

    // Another program has a newer schema, with a field that the application does not know.
    const newer = orderProto.replace("message Order {", "message Order {\n  string note = 6;");
    const value = protobuf<Order & { note: string }>(newer, {
      message: "Order",
      references,
      registry,
    });
    await client.producer({ key: orders.key, value }).send({
      topic: orders.name,
      key: "bob",
      value: { id: "2", lines: [wheel, wheel], invoiceTo: "Bob Ltd", note: "by noon" },
    });
    for (const line of (await read(2)).sort()) console.log(line);

    // A change that would break readers is refused by the registry.
    const broken = orderProto.replace("string id = 1;", "int32 id = 1;");
    const order = protobuf<object>(broken, { message: "Order", references, registry });
    await client
      .producer({ key: orders.key, value: order })
      .send({ topic: orders.name, key: "cyd", value: { id: 3 } })
      .catch(tell);
    await producer
      .send({ topic: orders, key: "ada", value: { id: "4", lines: [], card: 5 as never } })
      .catch(tell);
  } finally {
    await app.close();
  }
} finally {
  await client.close();
  await registry.close();
  await cluster.close();
  rmSync(folder, { recursive: true });
}

/** The registry's message goes on with both schemas. */
function tell(error: unknown): void {
  console.log((error as Error).message.split("\n")[0]);
}

async function read(count: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const { value } of client.consumer({
    topics: [bills.name],
    autoOffsetReset: "earliest",
    value: bills.value,
  })) {
    if (value !== null) {
      lines.push(`order ${value.order}: ${value.total?.cents} cents, ${value.pays}`);
    }
    if (lines.length === count) break;
  }
  return lines;
}
