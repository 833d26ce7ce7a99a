import { cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { connect, json, StreamsApp, StreamsBuilder, string } from "millrace";
import { expect, test } from "vitest";

import { isVerify } from "./apache-kafka.ts";
import { startBundledBroker } from "./bundled-broker.ts";
import { cacheFolder, prepare, runSuite } from "./run-suite.ts";

const note = isVerify ? "" : " (skipped: runs under `npm run verify`)";
const source = fileURLToPath(new URL("../../examples/from-kafkajs/nestjs", import.meta.url));
const timeoutMs = 300_000;

interface Order {
  readonly customer: string;
  readonly cents: number;
}

function totals() {
  const builder = new StreamsBuilder();
  builder
    .stream("orders", { key: string(), value: json<Order>() })
    .groupByKey({ key: string(), value: json<Order>() })
    .aggregate(
      () => 0,
      (sum, { cents }) => sum + cents,
      { store: "totals", value: json<number>() },
    )
    .toStream()
    .mapValues((cents, customer) => ({ customer, cents: cents ?? 0 }))
    .to("customer-totals", { key: string(), value: json<Order>() });
  return builder.build();
}

test.skipIf(!isVerify)(
  `a NestJS service on its Kafka transport sends, asks, and hears what an application makes${note}`,
  { timeout: timeoutMs },
  async () => {
    const folder = cacheFolder("nestjs-12.1.1");
    for (const file of ["package.json", "service.mjs"])
      cpSync(join(source, file), join(folder, file));
    const install = ["install", "--no-audit", "--no-fund", "--prefer-offline"];
    await prepare("npm", install, { cwd: folder, timeoutMs });

    await using broker = await startBundledBroker();
    const client = connect({ bootstrapServers: broker.address });
    const topics = ["orders", "customer-totals", "quote", "quote.reply"];
    await client.admin.createTopics(topics.map((name) => ({ name, partitionCount: 2 })));
    await client.close();
    await using _app = await StreamsApp.start(totals(), {
      applicationId: "customer-totals",
      cluster: broker.address,
    });
    const { exitCode, output } = await runSuite(process.execPath, ["service.mjs"], {
      cwd: folder,
      env: { BROKERS: broker.address },
      timeoutMs: 120_000,
    });
    expect(exitCode, output).toBe(0);
    const lines = output.split("\n").filter((line) => /^(?:quote|ada|grace) /.test(line));
    expect(lines).toEqual(["quote 42", "ada 1500", "grace 550"]);
  },
);
