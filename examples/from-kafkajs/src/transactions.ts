// A pipeline of transactions moves: input offsets and outputs are committed together. The group's metadata goes along,
// so that a consumer which has lost its partitions cannot commit over its successor; kafkajs sends none.
import { ClusterError, connect, string } from "millrace";

import { withBroker, type Service } from "./with-broker.ts";

await withBroker({ orders: 1, bills: 1 }, async (service) => {
  const producer = service.kafka.producer();
  await producer.connect();
  await producer.send({
    topic: "orders",
    messages: ["1", "2", "3", "4"].map((value) => ({ value })),
  });
  await producer.disconnect();
  await before(service, 2);
  await after(service, 2);
  console.log(await billsOf(service));
});

/** As it was: kafkajs's consumer, and its producer's transactions. */
async function before({ kafka }: Service, count: number): Promise<void> {
  const consumer = kafka.consumer({ groupId: "billing" });
  const producer = kafka.producer({
    transactionalId: "billing",
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await Promise.all([consumer.connect(), producer.connect()]);
  await consumer.subscribe({ topic: "orders", fromBeginning: true });
  let left = count;
  await new Promise<void>((resolve) => {
    void consumer.run({
      autoCommit: false,
      eachMessage: async ({ topic, partition, message }) => {
        if (left === 0) return;
        const transaction = await producer.transaction();
        await transaction.send({ topic: "bills", messages: [{ value: `bill ${message.value}` }] });
        await transaction.sendOffsets({
          consumerGroupId: "billing",
          topics: [{ topic, partitions: [{ partition, offset: `${Number(message.offset) + 1}` }] }],
        });
        await transaction.commit();
        if (--left === 0) resolve();
      },
    });
  });
  await Promise.all([consumer.disconnect(), producer.disconnect()]);
}

/** The same transactional id: its first transaction ends what the old producer may have left open. */
async function after({ bootstrapServers }: Service, count: number): Promise<void> {
  const client = connect({ bootstrapServers });
  try {
    const producer = client.producer({ transactionalId: "billing" });
    const consumer = client.consumer({
      groupId: "billing",
      topics: ["orders"],
      value: string(),
      autoOffsetReset: "earliest",
      autoCommitInterval: 0, // the transaction commits
    });
    let left = count;
    for await (const { topic, partition, offset, value } of consumer) {
      try {
        await producer.transaction(async () => {
          await producer.send({ topic: "bills", value: `bill ${value}` });
          await producer.sendOffsets(consumer.offsets(), consumer.groupMetadata);
        });
        if (--left === 0) break;
      } catch (error) {
        if (error instanceof ClusterError && error.code === "COMMIT_FENCED") continue; // another member's now
        consumer.seek({ topic, partition }, offset);
        if (!(error instanceof ClusterError && error.retriable)) throw error;
      }
    }
  } finally {
    await client.close();
  }
}

async function billsOf({ bootstrapServers }: Service): Promise<readonly (string | null)[]> {
  const client = connect({ bootstrapServers });
  try {
    const consumer = client.consumer({
      topics: ["bills"],
      value: string(),
      autoOffsetReset: "earliest",
    });
    const bills: (string | null)[] = [];
    for await (const { value } of consumer) if (bills.push(value) === 4) break;
    return bills;
  } finally {
    await client.close();
  }
}
