// kafkajs sends orders to the bundled broker, a Millrace application adds them up by customer, kafkajs reads the totals.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Kafka, logLevel } from "kafkajs";
import { EmbeddedCluster, json, StreamsApp, StreamsBuilder, string } from "millrace";

import { customerTotals, type Order } from "./customer-totals.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-kafkajs-"));
const orders: readonly Order[] = [
  { customer: "ada", cents: 1200 },
  { customer: "grace", cents: 550 },
  { customer: "ada", cents: 300 },
];

const cluster = await EmbeddedCluster.start({
  data: join(folder, "broker"),
  topics: { orders: 2, "customer-totals": 2 },
});
try {
  const app = await StreamsApp.start(customerTotals(new StreamsBuilder()), {
    applicationId: "customer-totals",
    cluster,
    stateDirectory: join(folder, "state"),
  });
  try {
    const kafka = new Kafka({ brokers: [cluster.bootstrapServers], logLevel: logLevel.ERROR });
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({
      topic: "orders",
      messages: orders.map((order) => ({ value: JSON.stringify(order) })),
    });
    await producer.disconnect();

    const totals = await readTotals(kafka, 2);
    for (const [customer, total] of totals) console.log(customer, total);
  } finally {
    await app.close();
  }
} finally {
  await cluster.close();
  rmSync(folder, { recursive: true });
}

/** Reads until as many customers have their final total. */
async function readTotals(kafka: Kafka, customers: number): Promise<ReadonlyMap<string, number>> {
  const consumer = kafka.consumer({ groupId: "totals-reader" });
  const totals = new Map<string, number>();
  const wanted = orders.reduce((sum, { cents }) => sum + cents, 0);
  await consumer.connect();
  await consumer.subscribe({ topic: "customer-totals", fromBeginning: true });
  const serdes = { key: string(), value: json<number>() };
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ topic, message: { key, value } }) => {
        if (key === null || value === null) return;
        totals.set(serdes.key.deserialize(key, topic), serdes.value.deserialize(value, topic));
        const sum = [...totals.values()].reduce((all, total) => all + total, 0);
        if (totals.size === customers && sum === wanted) resolve();
      },
    });
  });
  await consumer.disconnect();
  return new Map([...totals].sort());
}
