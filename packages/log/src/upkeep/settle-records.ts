import type { Offset } from "@millrace/model";
import type { ProducerSnapshots } from "../producer/producer-snapshots.ts";
import type { LogSegment } from "../segment/log-segment.ts";
import { endAsStopped } from "./recorded-end.ts";
import type { RecoveryOptions } from "./recovery-options.ts";

/** Below, all was durable: as noted for the log, or by a segment's record. */
export function durableOffsetOf(segments: readonly LogSegment[], recoveryPoint: Offset): Offset {
  return segments.reduce(
    (durable, { record }) =>
      record?.isDurable === true ? Math.max(durable, record.endOffset) : durable,
    recoveryPoint,
  );
}

/**
 * Forgets records of what may never have reached the device: they may say more than is there. Gives the offset below
 * which all was durable. Snapshots of producers are vouched for by what is left.
 */
export function settleRecords(
  segments: readonly LogSegment[],
  snapshots: ProducerSnapshots,
  { platform, recoveryPoint, wasCleanlyClosed = false }: RecoveryOptions,
): Offset {
  let durable = durableOffsetOf(segments, recoveryPoint ?? 0);
  for (const segment of segments) {
    const { path, record, sizeBytes } = segment;
    if (record === undefined) {
      if (wasCleanlyClosed && sizeBytes > 0)
        platform.logger.log("warn", "log.record-missing", { path });
      continue;
    }
    if (wasCleanlyClosed) {
      durable = Math.max(durable, record.endOffset);
      endAsStopped(segment);
    } else if (record.endOffset > durable) segment.record = undefined;
    if (segment.record !== undefined) snapshots.vouch(segment.baseOffset, record);
  }
  return durable;
}
