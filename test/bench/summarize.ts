import { median } from "./median.ts";
import { systemNames, type SystemName } from "./options.ts";
import type { Sample } from "./sample.ts";

/** Medians of one figure, by system, and what they are beside Kafka Streams'. */
export interface Row {
  readonly figure: string;
  readonly workload: string;
  readonly unit: string;
  readonly medians: Readonly<Partial<Record<SystemName, number>>>;
  /** Median of `millrace` over that of `kafka-streams`. */
  readonly ratio: number | undefined;
  /** The same of our library on Kafka. */
  readonly ratioOnKafka: number | undefined;
}

interface Figure {
  readonly figure: string;
  readonly unit: string;
  readonly of: (sample: Sample) => number | undefined;
}

const figures: readonly Figure[] = [
  { figure: "records per second", unit: "1/s", of: throughput((s) => s.recordsPerSecond) },
  { figure: "CPU, app", unit: "s/M", of: throughput((s) => s.applicationCpu) },
  { figure: "CPU, broker", unit: "s/M", of: throughput((s) => s.brokerCpu) },
  { figure: "CPU, both", unit: "s/M", of: throughput((s) => s.applicationCpu + s.brokerCpu) },
  { figure: "peak memory, app", unit: "MiB", of: throughput((s) => s.applicationMiB) },
  { figure: "peak memory, broker", unit: "MiB", of: throughput((s) => s.brokerMiB) },
  {
    figure: "peak memory, both",
    unit: "MiB",
    of: throughput((s) => s.applicationMiB + s.brokerMiB),
  },
  { figure: "latency p50", unit: "ms", of: (s) => (s.kind === "latency" ? s.p50 : undefined) },
  { figure: "latency p99", unit: "ms", of: (s) => (s.kind === "latency" ? s.p99 : undefined) },
  { figure: "cold start", unit: "ms", of: (s) => (s.kind === "cold" ? s.millis : undefined) },
];

/** One row per workload and figure that was measured. */
export function summarize(samples: readonly Sample[]): readonly Row[] {
  const workloads = [...new Set(samples.map(workloadOf))];
  return workloads.flatMap((workload) =>
    figures.flatMap((figure) => {
      const own = samples.filter((sample) => workloadOf(sample) === workload);
      const row = rowOf(figure, workload, own);
      return Object.keys(row.medians).length === 0 ? [] : [row];
    }),
  );
}

function rowOf({ figure, unit, of }: Figure, workload: string, samples: readonly Sample[]): Row {
  const medians: Partial<Record<SystemName, number>> = {};
  for (const system of systemNames) {
    const values = samples
      .filter((sample) => sample.system === system)
      .map(of)
      .filter((value) => value !== undefined);
    if (values.length > 0) medians[system] = median(values);
  }
  const theirs = medians["kafka-streams"];
  return {
    figure,
    workload,
    unit,
    medians,
    ratio: ratioOf(medians.millrace, theirs),
    ratioOnKafka: ratioOf(medians["millrace-on-kafka"], theirs),
  };
}

function throughput(
  of: (sample: Extract<Sample, { kind: "throughput" }>) => number,
): (sample: Sample) => number | undefined {
  return (sample) => (sample.kind === "throughput" ? of(sample) : undefined);
}

function workloadOf(sample: Sample): string {
  return sample.kind === "cold" ? "" : sample.workload;
}

function ratioOf(ours: number | undefined, theirs: number | undefined): number | undefined {
  return ours === undefined || theirs === undefined ? undefined : ours / theirs;
}
