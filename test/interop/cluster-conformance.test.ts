import { setTimeout as sleep } from "node:timers/promises";

import { connect } from "@millrace/client";
import { clusterConformance } from "@millrace/cluster/conformance";
import { nodePlatform } from "@millrace/platform/node";
import { nodeCompression } from "@millrace/protocol/compression";
import { afterAll, beforeAll, describe, test } from "vitest";

import { missingFor, startApacheKafka } from "./apache-kafka.ts";
import { startBundledBroker } from "./bundled-broker.ts";

const missing = missingFor("java");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const startTimeoutMs = 120_000;
const caseTimeoutMs = 60_000;

type Cluster = AsyncDisposable & { readonly address: string };

function conformsOn(start: () => Promise<Cluster>): void {
  let cluster: Cluster | undefined;
  let nameCount = 0;

  beforeAll(async () => {
    cluster = await start();
  }, startTimeoutMs);

  afterAll(() => cluster?.[Symbol.asyncDispose](), startTimeoutMs);

  const subject = {
    connect: () =>
      connect(nodePlatform({ logLevel: "error" }), {
        bootstrapServers: cluster?.address ?? "",
        codecs: nodeCompression,
        metadataMaxAge: "5s",
      }),
    newName: (prefix: string) => `${prefix}-${++nameCount}`,
    sleep: async (durationMs: number) => {
      await sleep(durationMs);
    },
  };

  for (const { name, run } of clusterConformance) test(name, () => run(subject), caseTimeoutMs);
}

describe("the cluster port, by our client on the bundled broker", () =>
  conformsOn(() => startBundledBroker()));

describe.skipIf(missing !== undefined)(
  `the cluster port, by our client on Apache Kafka${note}`,
  () => conformsOn(() => startApacheKafka()),
);
