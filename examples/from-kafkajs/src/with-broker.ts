import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Kafka, logLevel } from "kafkajs";
import { EmbeddedCluster } from "millrace";

/** What each step has: brokers, and the kafkajs instance of the service that moves. */
export interface Service {
  readonly bootstrapServers: string;
  readonly kafka: Kafka;
}

/** Runs a step with a broker of its own; with `brokers: ["kafka-1:9092"]` it would be Apache Kafka's. */
export async function withBroker(
  topics: Readonly<Record<string, number>>,
  step: (service: Service) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-from-kafkajs-"));
  const cluster = await EmbeddedCluster.start({
    data: folder,
    topics,
    config: { "group.initial.rebalance.delay.ms": 0 }, // nobody else will come
  });
  try {
    const { bootstrapServers } = cluster;
    const kafka = new Kafka({ brokers: [bootstrapServers], logLevel: logLevel.ERROR });
    await step({ bootstrapServers, kafka });
  } finally {
    await cluster.close();
    rmSync(folder, { recursive: true });
  }
}
