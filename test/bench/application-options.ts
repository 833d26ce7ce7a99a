import { parseArgs } from "node:util";

import { workloadNames, type WorkloadName } from "./workloads.ts";

export type Measure = "throughput" | "latency" | "cold";

/** What the application process is asked to do. */
export interface ApplicationOptions {
  readonly measure: Measure;
  readonly bootstrap: string;
  readonly workload: WorkloadName;
  readonly state: string;
  readonly rate: number;
  readonly seconds: number;
  readonly warm: number;
}

export function parseApplicationOptions(parameters: readonly string[]): ApplicationOptions {
  const { values, positionals } = parseArgs({
    args: [...parameters],
    allowPositionals: true,
    options: {
      bootstrap: { type: "string", default: "127.0.0.1:19092" },
      workload: { type: "string", default: "count" },
      state: { type: "string", default: "" },
      rate: { type: "string", default: "10000" },
      seconds: { type: "string", default: "10" },
      warm: { type: "string", default: "5" },
    },
  });
  const workload = workloadNames.find((name) => name === values.workload);
  if (workload === undefined) throw new Error(`no workload ${values.workload}`);
  const [measure] = positionals;
  if (measure !== "throughput" && measure !== "latency" && measure !== "cold") {
    throw new Error(`no measure ${measure}; there are throughput, latency and cold`);
  }
  return {
    measure,
    bootstrap: values.bootstrap,
    workload,
    state: values.state,
    rate: Number(values.rate),
    seconds: Number(values.seconds),
    warm: Number(values.warm),
  };
}
