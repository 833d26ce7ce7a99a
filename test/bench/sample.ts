import type { SystemName } from "./options.ts";
import type { WorkloadName } from "./workloads.ts";

/** What one run gave. */
export type Sample =
  | {
      readonly kind: "throughput";
      readonly system: SystemName;
      readonly workload: WorkloadName;
      readonly round: number;
      readonly recordsPerSecond: number;
      /** Seconds per million records: of the application over the last three quarters. */
      readonly applicationCpu: number;
      /** Seconds per million records: of the broker over the whole run. */
      readonly brokerCpu: number;
      readonly applicationMiB: number;
      readonly brokerMiB: number;
      /** How `out` differs from the plain computation; undefined: it does not. */
      readonly difference: string | undefined;
    }
  | {
      readonly kind: "latency";
      readonly system: SystemName;
      readonly workload: WorkloadName;
      readonly round: number;
      readonly results: number;
      readonly p50: number;
      readonly p99: number;
    }
  | {
      readonly kind: "cold";
      readonly system: SystemName;
      readonly round: number;
      /** From the start of the broker's process to the first committed result. */
      readonly millis: number;
    };
