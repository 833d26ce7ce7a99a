import { join } from "node:path";

import { connect } from "millrace";

import { coldStartMs } from "./cold-start.ts";
import { drainBacklog } from "./drain-backlog.ts";
import { expectedOutput } from "./expected-output.ts";
import { loadInput, type LoadLine } from "./load-input.ts";
import type { BenchOptions } from "./options.ts";
import type { ExpectedOutput } from "./output-summary.ts";
import { startBroker, type BrokerKind, type RunningBroker } from "./running-broker.ts";
import type { Sample } from "./sample.ts";
import { brokerOf, runApplication } from "./systems.ts";

export interface BenchResult {
  readonly samples: readonly Sample[];
  readonly loads: readonly (LoadLine & { readonly broker: BrokerKind })[];
}

/** Latency of a stateless and of a stateful topology. */
const latencyWorkloads = ["filter-map", "count"] as const;

/** All runs: within a round each system has its turn, then the next round. */
export async function runBench(
  options: BenchOptions,
  folder: string,
  hasJava: boolean,
  log: (line: string) => void,
): Promise<BenchResult> {
  const kinds = [...new Set(options.systems.map((system) => brokerOf[system]))];
  const brokers = new Map<BrokerKind, RunningBroker>();
  const loads: (LoadLine & { readonly broker: BrokerKind })[] = [];
  const samples: Sample[] = [];
  const keep = (sample: Sample): void => {
    samples.push(sample);
    log(JSON.stringify(sample));
  };
  try {
    for (const kind of kinds) {
      const broker = await startBroker(kind, join(folder, kind));
      brokers.set(kind, broker);
      const load = await loadInput(broker.bootstrap, options.records, hasJava);
      loads.push({ broker: kind, ...load });
      log(JSON.stringify(loads.at(-1)));
    }
    await throughputs(options, { folder, brokers, keep });
    if (!options.isThroughputOnly) await latencies(options, { folder, brokers, keep });
  } finally {
    for (const broker of brokers.values()) await broker.stop();
  }
  if (!options.isThroughputOnly) await coldStarts(options, folder, keep);
  return { samples, loads };
}

interface Runs {
  readonly folder: string;
  readonly brokers: ReadonlyMap<BrokerKind, RunningBroker>;
  readonly keep: (sample: Sample) => void;
}

async function throughputs(options: BenchOptions, { folder, brokers, keep }: Runs): Promise<void> {
  for (const workload of options.workloads) {
    const expected = new Map<BrokerKind, ExpectedOutput>();
    for (const [kind, { bootstrap }] of brokers) {
      await using client = connect({ bootstrapServers: bootstrap });
      expected.set(kind, await expectedOutput(client, workload));
    }
    for (let round = 0; round < options.rounds; round++) {
      for (const system of options.systems) {
        const kind = brokerOf[system];
        const broker = present(brokers.get(kind));
        const own = present(expected.get(kind));
        const run = { system, workload, round, broker, expected: own, folder, options };
        keep(await drainBacklog(run));
      }
    }
  }
}

/** These rewrite `bids`. */
async function latencies(options: BenchOptions, { folder, brokers, keep }: Runs): Promise<void> {
  for (const workload of latencyWorkloads) {
    if (!options.workloads.includes(workload)) continue;
    for (let round = 0; round < options.rounds; round++) {
      for (const system of options.systems) {
        const { bootstrap } = present(brokers.get(brokerOf[system]));
        const target = { bootstrap, workload, folder, options };
        const line = await runApplication(system, "latency", target);
        const { results = 0, p50 = Number.NaN, p99 = Number.NaN } = line;
        keep({ kind: "latency", system, workload, round, results, p50, p99 });
      }
    }
  }
}

async function coldStarts(
  options: BenchOptions,
  folder: string,
  keep: Runs["keep"],
): Promise<void> {
  for (let round = 0; round < options.rounds; round++) {
    for (const system of options.systems) {
      keep({ kind: "cold", system, round, millis: await coldStartMs(system, folder, options) });
    }
  }
}

function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error("a broker of the bench is missing");
  return value;
}
