import type { RetentionResult } from "@millrace/log";
import type { Platform } from "@millrace/platform";
import type { Partition } from "../partition/partition.ts";

/**
 * Goes through all partitions and takes away what is older, or more, than their topics keep (Kafka:
 * `LogManager.cleanupLogs`). One that fails stops none of the others.
 */
export async function retainAll(
  platform: Platform,
  partitions: Iterable<Partition>,
  signal: AbortSignal,
): Promise<void> {
  for (const partition of partitions) {
    await platform.timers.yield();
    if (signal.aborted) return;
    const place = { topic: partition.topic, partition: partition.partition };
    try {
      const result = await partition.retain();
      if (result !== undefined) tell(platform, place, result);
    } catch (error) {
      platform.logger.log("warn", "broker.retention-failed", { ...place, error });
    }
  }
}

function tell(
  { logger, metrics }: Platform,
  place: { readonly topic: string; readonly partition: number },
  { segmentCount, sizeBytes, bytesBy, logStartOffset }: RetentionResult,
): void {
  logger.log("info", "broker.segments-removed", {
    ...place,
    segmentCount,
    sizeBytes,
    logStartOffset,
    belowLogStartBytes: bytesBy.start ?? 0,
    retentionSizeBytes: bytesBy.size ?? 0,
    retentionTimeBytes: bytesBy.time ?? 0,
  });
  metrics.counter("log-segments-removed-total").add(segmentCount);
  for (const [reason, bytes] of Object.entries(bytesBy))
    metrics.counter("log-bytes-removed-total", { reason }).add(bytes);
}
