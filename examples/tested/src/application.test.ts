import { testCluster, type TestCluster } from "@millrace/testing/cluster";
import { StreamsApp } from "millrace";
import { afterAll, beforeAll, expect, test } from "vitest";

import { balances, balancesOfAccounts, payments } from "./topology.ts";

// The application as it will run, with producers and consumers of its own, on a broker in memory.
let cluster: TestCluster;
beforeAll(async () => {
  cluster = await testCluster({ topics: { payments: 2, balances: 2 } });
});
afterAll(() => cluster.close());

test("a payment comes to its balance", async () => {
  const app = await StreamsApp.start(balancesOfAccounts(), {
    applicationId: "balances",
    cluster: cluster.client,
    commitInterval: "10ms",
  });
  try {
    const producer = cluster.client.producer(payments);
    await producer.send({ topic: payments.name, key: "ada", value: 300 });
    const consumer = cluster.client.consumer({
      topics: [balances.name],
      key: balances.key,
      value: balances.value,
      autoOffsetReset: "earliest",
    });
    for await (const { key, value } of consumer) {
      expect([key, value]).toEqual(["ada", 300]);
      break;
    }
  } finally {
    await app.close();
  }
});
