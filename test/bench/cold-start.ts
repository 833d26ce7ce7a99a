import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

import { connect } from "millrace";

import type { BenchOptions, SystemName } from "./options.ts";
import { startBroker } from "./running-broker.ts";
import { brokerOf, runApplication } from "./systems.ts";
import { recreateTopics } from "./topic-partitions.ts";

/**
 * From the start of the broker's process, on a folder that is formatted and has the topics, to the first committed
 * result of an application that starts as soon as the broker serves.
 */
export async function coldStartMs(
  system: SystemName,
  folder: string,
  options: BenchOptions,
): Promise<number> {
  const data = mkdtempSync(join(folder, "cold-"));
  const prepared = await startBroker(brokerOf[system], data);
  {
    await using client = connect({ bootstrapServers: prepared.bootstrap });
    await recreateTopics(client, ["bids", "out"], 4);
  }
  await prepared.stop();
  const began = performance.now();
  const broker = await startBroker(brokerOf[system], data);
  const served = performance.now();
  const target = { bootstrap: broker.bootstrap, workload: "filter-map" as const, folder, options };
  const { millis } = await runApplication(system, "cold", target);
  await broker.stop();
  rmSync(data, { recursive: true, force: true });
  return served - began + (millis ?? Number.NaN);
}
