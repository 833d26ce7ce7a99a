import { StreamsApp, StreamsBuilder, connect, string, type KafkaClient } from "millrace";
import { expect, test } from "vitest";

import { missingFor, startApacheKafka } from "./apache-kafka.ts";

const missing = missingFor("java");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;

async function createTopics(client: KafkaClient, ...names: readonly string[]): Promise<void> {
  const wanted = names.map((name) => ({ name, partitionCount: 2 }));
  for (const { error } of await client.admin.createTopics(wanted)) expect(error).toBeUndefined();
}

async function produce(client: KafkaClient, topic: string, values: readonly string[]) {
  const producer = client.producer();
  await Promise.all(
    values.map((value, index) => producer.send({ topic, partition: index % 2, value })),
  );
  await producer.close();
}

test.skipIf(missing !== undefined)(
  `a pattern takes up topics that are made while the application runs, and lets deleted ones go${note}`,
  { timeout: 120_000 },
  async () => {
    await using kafka = await startApacheKafka();
    await using client = connect({ bootstrapServers: kafka.address });
    await createTopics(client, "copies", "lines-a");
    const builder = new StreamsBuilder();
    builder.stream(/lines-.*/, { value: string() }).to("copies");
    await using app = await StreamsApp.start(builder.build(), {
      applicationId: "patterns",
      cluster: kafka.address,
      metadataMaxAge: "500ms",
    });
    const copies: string[] = [];
    const consumer = client.consumer({
      groupId: "reader",
      topics: ["copies"],
      autoOffsetReset: "earliest",
      value: string(),
    });
    const reading = (async () => {
      for await (const { value } of consumer) copies.push(value ?? "");
    })();
    const seen = (expected: readonly string[]) =>
      expect
        .poll(() => copies.toSorted(), { timeout: 30_000, interval: 100 })
        .toEqual(expected.toSorted());
    await produce(client, "lines-a", ["a1", "a2"]);
    await seen(["a1", "a2"]);
    await createTopics(client, "lines-b");
    await produce(client, "lines-b", ["b1", "b2"]);
    await seen(["a1", "a2", "b1", "b2"]);
    await client.admin.deleteTopics(["lines-a"]);
    await produce(client, "lines-b", ["b3", "b4"]);
    await seen(["a1", "a2", "b1", "b2", "b3", "b4"]);
    await new Promise((resolve) => setTimeout(resolve, 3000)); // looks that find the topic gone
    await createTopics(client, "lines-a");
    await produce(client, "lines-a", ["a3", "a4"]);
    await seen(["a1", "a2", "a3", "a4", "b1", "b2", "b3", "b4"]);
    expect(app.state).toBe("running");
    await consumer.close();
    await reading;
  },
);
