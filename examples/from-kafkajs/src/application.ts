// An application on the service's own kafkajs instance: kafkajs sends orders, the application adds them up by customer,
// kafkajs reads the totals.
import { kafkajsCluster } from "@millrace/kafkajs";
import type { Kafka } from "kafkajs";
import { json, StreamsApp, StreamsBuilder, string } from "millrace";

import { customerTotals, type Order } from "./customer-totals.ts";
import { withBroker } from "./with-broker.ts";

const orders: readonly Order[] = [
  { customer: "ada", cents: 1200 },
  { customer: "grace", cents: 550 },
  { customer: "ada", cents: 300 },
];

await withBroker({ orders: 2, "customer-totals": 2 }, async ({ kafka }) => {
  const app = await StreamsApp.start(customerTotals(new StreamsBuilder()), {
    applicationId: "customer-totals",
    cluster: kafkajsCluster(kafka), // later: cluster: "kafka-1:9092", and exactly_once
    processingGuarantee: "at_least_once",
    commitInterval: "100ms",
  });
  try {
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({
      topic: "orders",
      messages: orders.map((order) => ({ value: JSON.stringify(order) })),
    });
    await producer.disconnect();
    for (const [customer, total] of await readTotals(kafka, 2)) console.log(customer, total);
  } finally {
    await app.close();
  }
});

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
