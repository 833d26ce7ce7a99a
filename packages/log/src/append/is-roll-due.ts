import type { Timestamp } from "@millrace/model";
import type { LogConfig } from "../log-config.ts";
import type { LogSegment } from "../segment/log-segment.ts";
import type { AppendPlan } from "./append-plan.ts";

/** Whether an append belongs into a new segment (Kafka: `LogSegment.shouldRoll`). */
export function isRollDue(
  segment: LogSegment,
  plan: AppendPlan,
  config: LogConfig,
  nowMs: Timestamp,
): boolean {
  if (segment.sizeBytes === 0) return false;
  const age =
    segment.firstTimestamp >= 0
      ? plan.maxTimestamp - segment.firstTimestamp
      : nowMs - segment.createdMs;
  return (
    segment.sizeBytes + plan.bytes.length > config.segmentBytes ||
    age > maxAgeMs(config) - segment.rollJitterMs ||
    segment.offsetIndex.isFull(config.segmentIndexBytes) ||
    segment.timeIndex.isFull(config.segmentIndexBytes) ||
    !segment.hasRoomFor(plan.endOffset - 1, plan.bytes.length)
  );
}

/** A segment is compacted once it is closed: `max.compaction.lag.ms` closes it in time (Kafka: `maxSegmentMs`). */
function maxAgeMs({ isCompacted, segmentMs, compactionLagMaxMs }: LogConfig): number {
  return isCompacted ? Math.min(segmentMs, compactionLagMaxMs) : segmentMs;
}
