import { setTimeout as sleep } from "node:timers/promises";

import { connect } from "@millrace/client";
import { clusterCapabilities, type ClusterCapability, type ClusterClient } from "@millrace/cluster";
import { clusterConformance } from "@millrace/cluster/conformance";
import { kafkajsCluster } from "@millrace/kafkajs";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { missingFor, startApacheKafka } from "./apache-kafka.ts";
import { startBundledBroker } from "./bundled-broker.ts";

const missing = missingFor("java");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const startTimeoutMs = 120_000;
const caseTimeoutMs = 60_000;

type Cluster = AsyncDisposable & { readonly address: string };

interface ClientUnderTest {
  connect(address: string): ClusterClient;
  /** Cases that are not run for lack of a capability, by capability. */
  readonly notRun: Readonly<Partial<Record<ClusterCapability, number>>>;
  readonly capabilities: readonly ClusterCapability[];
}

const clients: Readonly<Record<string, ClientUnderTest>> = {
  "our client": {
    connect: (address) =>
      connect(nodePlatform({ logLevel: "error" }), {
        bootstrapServers: address,
        codecs: nodeCompression,
        metadataMaxAge: "1s",
      }),
    notRun: {},
    capabilities: Object.keys(clusterCapabilities) as ClusterCapability[], // keys of a literal
  },
  kafkajs: {
    connect: (address) =>
      kafkajsCluster(
        new Kafka({
          brokers: [address],
          logLevel: logLevel.NOTHING,
          retry: { initialRetryTime: 20 },
        }),
        { metadataMaxAge: "1s" },
      ),
    notRun: {
      "topic-ids": 1,
      "exact-headers": 1,
      zstd: 1,
      "fenced-offsets": 2,
      "static-membership": 1,
    },
    capabilities: ["transactions"],
  },
};

function conformsOn(start: () => Promise<Cluster>, client: ClientUnderTest): void {
  let cluster: Cluster | undefined;
  let nameCount = 0;

  beforeAll(async () => {
    cluster = await start();
  }, startTimeoutMs);

  afterAll(() => cluster?.[Symbol.asyncDispose](), startTimeoutMs);

  const subject = {
    connect: () => client.connect(cluster?.address ?? ""),
    newName: (prefix: string) => `${prefix}-${++nameCount}`,
    sleep: async (durationMs: number) => {
      await sleep(durationMs);
    },
  };
  const lackOf = (needs: readonly ClusterCapability[]): ClusterCapability | undefined =>
    needs.find((need) => !client.capabilities.includes(need));
  const run = clusterConformance.filter(({ needs }) => lackOf(needs) === undefined);

  for (const one of run) test(one.name, () => one.run(subject), caseTimeoutMs);

  const notRunCount = clusterConformance.length - run.length;
  test(`${run.length} cases are run, ${notRunCount} are not, each for want of a capability`, async () => {
    await using connected = subject.connect();
    expect([...connected.capabilities]).toEqual(client.capabilities);
    const notRun: Partial<Record<ClusterCapability, number>> = {};
    for (const { needs } of clusterConformance) {
      const lack = lackOf(needs);
      if (lack !== undefined) notRun[lack] = (notRun[lack] ?? 0) + 1;
    }
    expect(notRun).toEqual(client.notRun);
  });
}

for (const [name, client] of Object.entries(clients)) {
  describe(`the cluster port, by ${name} on the bundled broker`, () =>
    conformsOn(() => startBundledBroker(), client));

  describe.skipIf(missing !== undefined)(
    `the cluster port, by ${name} on Apache Kafka${note}`,
    () => conformsOn(() => startApacheKafka(), client),
  );
}
