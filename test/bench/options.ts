import { parseArgs } from "node:util";

import { workloadNames, type WorkloadName } from "./workloads.ts";

export const systemNames = ["millrace", "millrace-on-kafka", "kafka-streams"] as const;
export type SystemName = (typeof systemNames)[number];

/** What is measured, how often, on what, and where the figures go. */
export interface BenchOptions {
  readonly json: string | undefined;
  readonly records: number;
  readonly rounds: number;
  readonly rate: number;
  readonly seconds: number;
  readonly systems: readonly SystemName[];
  readonly workloads: readonly WorkloadName[];
  /** Only throughput: no latency, no cold start. */
  readonly isThroughputOnly: boolean;
}

export const usage = `npm run bench -- [--json FILE] [--records 1000000] [--rounds 3] [--rate 10000] [--seconds 10]
                [--only-system ${systemNames.join("|")}] [--throughput-only] [WORKLOAD…]
workloads: ${workloadNames.join(", ")}; all of them by default`;

/** @throws Error with what to write instead */
export function parseBenchOptions(parameters: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...parameters],
    allowPositionals: true,
    options: {
      json: { type: "string" },
      records: { type: "string", default: "1000000" },
      rounds: { type: "string", default: "3" },
      rate: { type: "string", default: "10000" },
      seconds: { type: "string", default: "10" },
      "only-system": { type: "string", multiple: true, default: [...systemNames] },
      "throughput-only": { type: "boolean", default: false },
    },
  });
  const workloads = positionals.length === 0 ? workloadNames : positionals;
  return {
    json: values.json,
    records: wholeNumber("records", values.records),
    rounds: wholeNumber("rounds", values.rounds),
    rate: wholeNumber("rate", values.rate),
    seconds: wholeNumber("seconds", values.seconds),
    systems: values["only-system"].map((name) => oneOf(systemNames, name)),
    workloads: workloads.map((name) => oneOf(workloadNames, name)),
    isThroughputOnly: values["throughput-only"],
  };
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} is ${text}; give a whole number from 1\n${usage}`);
}

function oneOf<Name extends string>(names: readonly Name[], text: string): Name {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  throw new Error(`${text} is none of ${names.join(", ")}\n${usage}`);
}
