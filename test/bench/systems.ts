import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";

import type { Measure } from "./application-options.ts";
import type { BenchOptions, SystemName } from "./options.ts";
import { besideBench, opponent } from "./places.ts";
import { nodeFlags } from "./node-flags.ts";
import { jsonOf } from "./run-process.ts";
import type { BrokerKind } from "./running-broker.ts";
import type { WorkloadName } from "./workloads.ts";

export const brokerOf: Readonly<Record<SystemName, BrokerKind>> = {
  millrace: "millrace",
  "millrace-on-kafka": "kafka",
  "kafka-streams": "kafka",
};

/** The fields that both sides print; those of the measure that was asked for are there. */
export interface MeasuredLine {
  readonly records?: number;
  readonly seconds?: number;
  readonly recordsPerSecond?: number;
  readonly cpuSecondsPerMillion?: number;
  readonly peakMiB?: number;
  readonly p50?: number;
  readonly p99?: number;
  readonly results?: number;
  readonly millis?: number;
}

/** Runs the application of a system once, against a broker that serves. */
export async function runApplication(
  system: SystemName,
  measure: Measure,
  target: {
    readonly bootstrap: string;
    readonly workload: WorkloadName;
    readonly folder: string;
    readonly options: BenchOptions;
  },
): Promise<MeasuredLine> {
  const { bootstrap, workload, folder, options } = target;
  const state = mkdtempSync(join(folder, "state-"));
  const pace = ["--rate", String(options.rate), "--seconds", String(options.seconds)];
  const parameters = [measure, "--bootstrap", bootstrap, "--workload", workload, "--state", state];
  if (measure === "latency") parameters.push(...pace, "--warm", "5");
  try {
    if (system === "kafka-streams") return await jsonOf(opponent, parameters);
    const application = [...nodeFlags("application"), besideBench("application.ts"), ...parameters];
    return await jsonOf(process.execPath, application);
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}
