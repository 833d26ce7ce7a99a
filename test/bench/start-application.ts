import { StreamsApp } from "millrace";

import type { ApplicationOptions } from "./application-options.ts";
import { topologyOf } from "./workloads.ts";

/** Exactly-once, commits every 100 ms, one loop, a cache of 10 MiB, RocksDB: what the Java side has. */
export function startApplication(
  { bootstrap, workload, state }: ApplicationOptions,
  applicationId: string,
): Promise<StreamsApp> {
  return StreamsApp.start(topologyOf(workload), {
    applicationId,
    cluster: bootstrap,
    stateDirectory: state,
    storeEngine: process.env["MILLRACE_STORE_ENGINE"] === "sqlite" ? "sqlite" : "rocksdb",
    processingGuarantee: "exactly_once",
    commitInterval: 100,
    cacheBytesMax: 10 * 2 ** 20,
    autoOffsetReset: "earliest",
  });
}

/** An id that no run before had: offsets and state start from nothing. */
export function freshApplicationId(workload: string): string {
  return `millrace-${workload}-${process.hrtime.bigint()}`;
}
