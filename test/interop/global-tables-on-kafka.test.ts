import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { StreamsApp, StreamsBuilder, connect, string } from "millrace";
import { expect, test } from "vitest";

import { missingFor, startApacheKafka } from "./apache-kafka.ts";

const missing = missingFor("java");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;

test.skipIf(missing !== undefined)(
  `a global table is loaded, followed, and gone on with after a restart${note}`,
  { timeout: 120_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-global-"));
    try {
      await using kafka = await startApacheKafka();
      await using client = connect({ bootstrapServers: kafka.address });
      const wanted = ["products", "orders", "out"].map((name) => ({ name, partitionCount: 3 }));
      for (const { error } of await client.admin.createTopics(wanted))
        expect(error).toBeUndefined();
      const text = { key: string(), value: string() };
      const producer = client.producer(text);
      const label = (key: string, value: string | null) =>
        producer.send({ topic: "products", key, value: value as string });
      const start = () => {
        const builder = new StreamsBuilder();
        const products = builder.globalTable("products", { ...text, store: "products" });
        builder
          .stream("orders", { value: string() })
          .leftJoin(products, (order, found) => `${order}=${found}`, {
            keySelector: (order) => order,
          })
          .to("out", { value: string() });
        return StreamsApp.start(builder.build(), {
          applicationId: "global",
          cluster: kafka.address,
          stateDirectory: folder,
        });
      };
      const seen: string[] = [];
      const consumer = client.consumer({
        groupId: "reader",
        topics: ["out"],
        autoOffsetReset: "earliest",
        value: string(),
      });
      const reading = (async () => {
        for await (const { value } of consumer) seen.push(value ?? "");
      })();
      const ask = (order: string, expected: string) =>
        expect
          .poll(
            async () => {
              await producer.send({ topic: "orders", key: order, value: order });
              return seen.includes(expected);
            },
            { timeout: 30_000, interval: 200 },
          )
          .toBe(true);
      await Promise.all([label("a", "apple"), label("b", "beer"), label("c", "corn")]);
      const first = await start();
      await ask("a", "a=apple");
      await ask("c", "c=corn");
      await label("d", "date");
      await ask("d", "d=date");
      await first.close();
      await label("b", "bread");
      await using second = await start();
      await ask("b", "b=bread");
      expect(seen).not.toContain("b=null");
      await ask("d", "d=date");
      expect(second.state).toBe("running");
      await consumer.close();
      await reading;
      await producer.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
