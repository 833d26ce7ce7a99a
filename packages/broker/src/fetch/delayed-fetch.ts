import type { Platform } from "@millrace/platform";
import type { PartitionWait } from "../partition/partition.ts";
import type { Partitions } from "../partition/partitions.ts";
import type { FetchedPartition, FetchTarget } from "./fetch-types.ts";
import { type FetchLimits, readPartitions } from "./read-partition.ts";

export interface DelayedFetchOptions {
  readonly platform: Platform;
  readonly partitions: Partitions;
  readonly targets: readonly FetchTarget[];
  readonly limits: FetchLimits;
  readonly maxWaitMs: number;
  readonly signal: AbortSignal;
}

/**
 * Reads until there is enough, something cannot be read any more, or the time is up (Kafka: `DelayedFetch`).
 * Undefined once the client is gone.
 */
export function waitForRecords(
  options: DelayedFetchOptions,
): Promise<readonly FetchedPartition[] | undefined> {
  const { platform, partitions, targets, limits, signal } = options;
  return new Promise((resolve) => {
    const waits: PartitionWait[] = [];
    const finish = (fetched: readonly FetchedPartition[] | undefined) => {
      timer.cancel();
      signal.removeEventListener("abort", abandon);
      for (const wait of waits) wait.cancel();
      resolve(fetched);
    };
    const abandon = () => finish(undefined);
    const read = () => readPartitions(partitions, targets, limits);
    const check = () => {
      const fetched = read();
      if (isEnough(fetched, limits.minBytes)) finish(fetched);
    };
    const timer = platform.timers.after(options.maxWaitMs, () => finish(read()));
    signal.addEventListener("abort", abandon);
    for (const { topic, partition } of targets) {
      const found = partitions.find(topic ?? "", partition);
      if (found !== undefined) waits.push(found.waitForData(check));
    }
    if (signal.aborted) abandon();
  });
}

/** True if there are bytes enough, or an error or a diverging epoch to be told. */
export function isEnough(fetched: readonly FetchedPartition[], minBytes: number): boolean {
  let sizeBytes = 0;
  for (const { response, sizeBytes: size } of fetched) {
    if (response.errorCode !== 0 || response.divergingEpoch !== undefined) return true;
    sizeBytes += size;
  }
  return sizeBytes >= minBytes;
}
