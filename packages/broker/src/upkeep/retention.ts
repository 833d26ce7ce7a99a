import type { RetentionResult } from "@millrace/log";
import type { Platform } from "@millrace/platform";
import type { UpkeepMetrics } from "../metrics/upkeep-metrics.ts";
import type { Partition } from "../partition/partition.ts";

export interface RetentionParts {
  readonly platform: Platform;
  readonly metrics: UpkeepMetrics;
}

/**
 * Goes through all partitions and takes away what is older, or more, than their topics keep (Kafka:
 * `LogManager.cleanupLogs`). One that fails stops none of the others.
 */
export async function retainAll(
  parts: RetentionParts,
  partitions: Iterable<Partition>,
  signal: AbortSignal,
): Promise<void> {
  const { platform } = parts;
  for (const partition of partitions) {
    await platform.timers.yield();
    if (signal.aborted) return;
    const place = { topic: partition.topic, partition: partition.partition };
    try {
      const result = await partition.retain();
      if (result !== undefined) tell(parts, place, result);
    } catch (error) {
      platform.logger.log("warn", "broker.retention-failed", { ...place, error });
    }
  }
}

function tell(
  { platform, metrics }: RetentionParts,
  place: { readonly topic: string; readonly partition: number },
  { segmentCount, sizeBytes, bytesBy, logStartOffset }: RetentionResult,
): void {
  platform.logger.log("info", "broker.segments-removed", {
    ...place,
    segmentCount,
    sizeBytes,
    logStartOffset,
    belowLogStartBytes: bytesBy.start ?? 0,
    retentionSizeBytes: bytesBy.size ?? 0,
    retentionTimeBytes: bytesBy.time ?? 0,
  });
  for (const reason of ["start", "size", "time"] as const)
    metrics.removed(reason, bytesBy[reason] ?? 0);
}
