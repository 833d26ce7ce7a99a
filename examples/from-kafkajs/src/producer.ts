// A producer moves: both send for a while, and a key goes to the same partition whoever sends it.
import { connect } from "millrace";

import { withBroker } from "./with-broker.ts";

const keys = ["ada", "grace", "barbara", "ключ"];

await withBroker({ orders: 8 }, async ({ kafka, bootstrapServers }) => {
  const before = kafka.producer(); // Partitioners.DefaultPartitioner, kafkajs's default since 2.0
  await before.connect();
  const client = connect({ bootstrapServers });
  try {
    const after = client.producer();
    for (const key of keys) {
      const [{ partition }] = await before.send({
        topic: "orders",
        messages: [{ key, value: "1", headers: { source: "kafkajs" } }],
      });
      const sent = await after.send({
        topic: "orders",
        key,
        value: "2",
        headers: [["source", "millrace"]],
      });
      console.log(key, partition === sent.partition ? "stays where it is" : "has moved");
    }
  } finally {
    await client.close();
    await before.disconnect();
  }
});
