import { Worker } from "node:worker_threads";

import { connect } from "millrace";

import type { ApplicationOptions } from "./application-options.ts";
import type { LatencyResult } from "./latency-probe.ts";
import { peakMiB } from "./process-figures.ts";
import { freshApplicationId, startApplication } from "./start-application.ts";
import { recreateTopics } from "./topic-partitions.ts";

/**
 * Open loop: bids leave on schedule whether or not results keep up. Who writes them and reads the results is a
 * thread of its own, as it is on the Java side.
 */
export async function measureLatency(options: ApplicationOptions): Promise<object> {
  {
    await using client = connect({ bootstrapServers: options.bootstrap });
    await recreateTopics(client, ["bids", "out"], 4);
  }
  await using app = await startApplication(options, freshApplicationId("latency"));
  void app;
  const probe = new Worker(new URL("latency-probe.ts", import.meta.url), { workerData: options });
  const latencies = await new Promise<LatencyResult>((resolve, reject) => {
    probe.once("message", resolve).once("error", reject);
  });
  return { run: "latency", workload: options.workload, ...latencies, peakMiB: peakMiB("self") };
}
