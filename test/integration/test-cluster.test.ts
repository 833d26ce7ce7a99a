import { testCluster } from "@millrace/testing/cluster";
import {
  connect,
  int64AsNumber,
  StreamsApp,
  StreamsBuilder,
  string,
  type Topology,
} from "millrace";
import { expect, test } from "vitest";

import { failureOf } from "./world/failure-of.ts";

/** From the call to the first record of a stateful application; a machine may be busy with other things. */
const firstRecordMsMax = 100;
const attemptsMax = 20;

function wordCount(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { value: string() })
    .flatMapValues((line) => line.split(" "))
    .groupBy((word) => word, { key: string(), value: string() })
    .count({ store: "counts" })
    .toStream()
    .to("word-counts", { key: string(), value: int64AsNumber() });
  return builder.build();
}

const topics = { lines: 1, "word-counts": 1 };
const counted = { topics: ["word-counts"], key: string(), value: int64AsNumber() } as const;

async function firstRecord(): Promise<{ readonly ms: number; readonly record: unknown }> {
  const startMs = performance.now();
  await using cluster = await testCluster({ topics });
  const { client } = cluster;
  await client.producer({ value: string() }).send({ topic: "lines", value: "to be or not" });
  const app = await StreamsApp.start(wordCount(), {
    applicationId: "word-count",
    cluster: client,
    commitInterval: "10ms",
  });
  for await (const { key, value } of client.consumer({ ...counted, autoOffsetReset: "earliest" })) {
    const ms = performance.now() - startMs;
    await app.close();
    return { ms, record: [key, value] };
  }
  throw new Error("the consumer has ended");
}

test("from the call to the first record of an application it takes less than 100 ms", async () => {
  const times: number[] = [];
  while (times.length < attemptsMax && Math.min(...times) >= firstRecordMsMax) {
    const { ms, record } = await firstRecord();
    expect(record).toEqual(["to", 1]);
    times.push(ms);
  }
  console.log(`first record after ${times.map((ms) => ms.toFixed(0)).join(", ")} ms`);
  expect(Math.min(...times)).toBeLessThan(firstRecordMsMax);
});

test("a cluster of a test is its own: another one has nothing of it", async () => {
  await using first = await testCluster({ topics: { orders: 3 } });
  await using second = await testCluster();
  expect((await first.client.admin.listTopics()).map(({ name }) => name)).toContain("orders");
  expect(await second.client.admin.describeTopics(["orders"])).toEqual(new Map());
});

test("with a port it is reached by its address", async () => {
  await using cluster = await testCluster({ topics, port: 0 });
  await using client = connect({ bootstrapServers: cluster.bootstrapServers });
  const topic = (await client.admin.describeTopics(["lines"])).get("lines");
  expect(topic?.partitionCount).toBe(1);
});

test("what it cannot do is refused by name", async () => {
  expect(await failureOf(testCluster({ topics: { lines: 0 } }))).toMatchObject({
    code: "INVALID_OPTION",
  });
  expect(await failureOf(testCluster({ config: { "no.such.setting": 1 } }))).toBeInstanceOf(Error);
  const cluster = await testCluster();
  expect(() => cluster.bootstrapServers).toThrow("give testCluster a port");
  await cluster.close();
  await cluster.close();
  expect(() => cluster.connect()).toThrow("the cluster is closed");
  expect(await failureOf(cluster.client.admin.listTopics())).toMatchObject({
    code: "CLUSTER_CLOSED",
  });
});
