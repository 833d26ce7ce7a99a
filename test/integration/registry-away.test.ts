import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { nodePlatform } from "@millrace/platform/node";
import { MemorySchemaRegistry, SchemaRegistryClient } from "@millrace/schema-registry";
import { SchemaRegistryServer } from "@millrace/schema-registry-server";
import { avro } from "@millrace/serde-avro";
import { bytes, connect, EmbeddedCluster, StreamsApp, StreamsBuilder, string } from "millrace";
import { expect, onTestFinished, test } from "vitest";

const first = { type: "record", name: "Order", fields: [{ name: "n", type: "int" }] } as const;
const second = {
  ...first,
  fields: [...first.fields, { name: "note", type: "string", default: "" }],
} as const;

/** Nothing is logged: that the registry is away is what the test is about. */
const platform = nodePlatform({ logLevel: "silent" });

/** The bytes of values written with a schema that had the id. */
function writtenWith(schema: typeof first | typeof second, id: number): (n: number) => Uint8Array {
  const registry = new MemorySchemaRegistry();
  for (let earlier = 1; earlier < id; earlier++)
    registry.register(`earlier ${earlier}`, {
      schema: `{"type":"fixed","name":"F","size":${earlier}}`,
    });
  const serde = avro<unknown>(schema, { registry });
  const more = schema === second ? { note: "x" } : {};
  return (n) => serde.serialize({ n, ...more }, "in");
}

test("a registry away at the start is waited for; away later, only records of new schemas wait", async () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-registry-away-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const cluster = await EmbeddedCluster.start({
    data: folder,
    topics: { in: 2, out: 1 },
    config: { "group.initial.rebalance.delay.ms": 0 },
  });
  onTestFinished(() => cluster.close());
  const serve = (port: number) =>
    SchemaRegistryServer.start(
      {
        bootstrapServers: cluster.bootstrapServers,
        port,
      },
      platform,
    );
  let server = await serve(0);
  onTestFinished(() => server.close());
  const { port } = server.address;
  const registry = new SchemaRegistryClient({ url: server.url, platform });
  onTestFinished(() => registry.close());
  const known = await registry.register("in-value", { schema: JSON.stringify(first) });
  const later = await registry.register("in-value", { schema: JSON.stringify(second) });
  await registry.deleteVersion("in-value", "latest"); // read by its id all the same, and no start fetches it
  await server.close();

  const order = avro(first, { registry });
  const builder = new StreamsBuilder();
  builder.stream("in", { key: string(), value: order }).to("out", { key: string(), value: order });
  let isStarted = false;
  const starting = StreamsApp.start(builder.build(), {
    applicationId: "away",
    cluster,
    processingGuarantee: "at_least_once",
    serdeTimeout: "5m",
    logLevel: "silent",
  }).finally(() => (isStarted = true));
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(isStarted).toBe(false);
  server = await serve(port);
  const app = await starting;
  onTestFinished(() => app.close());

  const client = connect({ bootstrapServers: cluster.bootstrapServers });
  onTestFinished(() => client.close());
  const producer = client.producer({ key: string(), value: bytes() });
  const send = (partition: number, value: Uint8Array) =>
    producer.send({ topic: "in", partition, key: `${partition}`, value });
  const consumer = client.consumer({
    groupId: "readers",
    topics: ["out"],
    key: string(),
    value: order,
    autoOffsetReset: "earliest",
  });
  const outputs = consumer[Symbol.asyncIterator]();
  const next = async () => {
    const { value: record } = await outputs.next();
    return `${record?.key} ${record?.value?.n}`;
  };
  const old = writtenWith(first, known.id);
  const fresh = writtenWith(second, later.id);
  await send(0, old(1));
  expect(await next()).toBe("0 1");

  await server.close();
  await send(0, fresh(2));
  await send(0, old(3));
  const passed: string[] = [];
  for (let n = 10; n < 15; n++) {
    await send(1, old(n));
    passed.push(await next());
  }
  expect(passed).toEqual(["1 10", "1 11", "1 12", "1 13", "1 14"]);
  server = await serve(port);
  expect([await next(), await next()]).toEqual(["0 2", "0 3"]);
});
