// A consumer moves: the group goes on where kafkajs has committed, member by member, without a stop.
import { connect, roundRobinAssignor, string, type PartitionAssignor } from "millrace";

import { withBroker } from "./with-broker.ts";

/** kafkajs names its assigner so, Kafka `roundrobin`; all members of a group must have one name in common. */
const likeKafkajs: PartitionAssignor = { ...roundRobinAssignor, name: "RoundRobinAssigner" };

await withBroker({ orders: 2 }, async ({ kafka, bootstrapServers }) => {
  const producer = kafka.producer();
  await producer.connect();
  const send = (from: number, to: number) =>
    producer.send({
      topic: "orders",
      messages: Array.from({ length: to - from }, (_, index) => ({ value: `${from + index}` })),
    });
  const seen: string[] = [];

  await send(0, 10);
  const before = kafka.consumer({ groupId: "billing", heartbeatInterval: 100 });
  await before.connect();
  await before.subscribe({ topic: "orders", fromBeginning: true });
  await new Promise<void>((resolve) => {
    void before.run({
      autoCommitThreshold: 1,
      eachMessage: async ({ message }) => {
        if (seen.push(`${message.value}`) === 10) resolve();
      },
    });
  });

  const client = connect({ bootstrapServers });
  try {
    const after = client.consumer({
      groupId: "billing",
      topics: ["orders"],
      value: string(),
      assignors: [likeKafkajs],
      autoOffsetReset: "earliest", // kafkajs: fromBeginning
    });
    const leaving = before.disconnect(); // the new member has both partitions once the old one has left
    await send(10, 20);
    for await (const { value } of after) {
      if (value !== null && seen.push(value) === 20) break;
    }
    await leaving;
  } finally {
    await client.close();
    await producer.disconnect();
  }
  console.log(seen.length, "orders,", new Set(seen).size, "different ones");
});
