import { connect } from "millrace";

import type { BenchOptions, SystemName } from "./options.ts";
import { actualOutput, differenceOf, type ExpectedOutput } from "./output-summary.ts";
import { cpuSeconds, forgetPeak, peakMiB } from "./process-figures.ts";
import type { RunningBroker } from "./running-broker.ts";
import type { Sample } from "./sample.ts";
import { runApplication } from "./systems.ts";
import type { WorkloadName } from "./workloads.ts";

/** One throughput run: the application, its broker's share, and whether what it wrote is right. */
export async function drainBacklog(run: {
  readonly system: SystemName;
  readonly workload: WorkloadName;
  readonly round: number;
  readonly broker: RunningBroker;
  readonly expected: ExpectedOutput;
  readonly folder: string;
  readonly options: BenchOptions;
}): Promise<Extract<Sample, { kind: "throughput" }>> {
  const { system, workload, round, broker, expected } = run;
  forgetPeak(broker.pid);
  const cpuBefore = cpuSeconds(broker.pid);
  const line = await runApplication(system, "throughput", { ...run, bootstrap: broker.bootstrap });
  const brokerSeconds = cpuSeconds(broker.pid) - cpuBefore;
  const brokerMiB = peakMiB(broker.pid);
  await using client = connect({ bootstrapServers: broker.bootstrap });
  const actual = await actualOutput(client, workload, expected.isOpen);
  const difference = differenceOf(expected.summary, actual);
  await removeLeftovers(client);
  return {
    kind: "throughput",
    system,
    workload,
    round,
    recordsPerSecond: line.recordsPerSecond ?? Number.NaN,
    applicationCpu: line.cpuSecondsPerMillion ?? Number.NaN,
    brokerCpu: (brokerSeconds / (line.records ?? Number.NaN)) * 1e6,
    applicationMiB: line.peakMiB ?? Number.NaN,
    brokerMiB,
    difference,
  };
}

/** Changelog and repartition topics of a run would only fill the disk. */
async function removeLeftovers(client: ReturnType<typeof connect>): Promise<void> {
  const topics = (await client.admin.listTopics()).map(({ name }) => name);
  const internal = topics.filter((name) =>
    /^(millrace|opponent)-.+-(changelog|repartition|topic)$/.test(name),
  );
  if (internal.length > 0) await client.admin.deleteTopics(internal);
}
