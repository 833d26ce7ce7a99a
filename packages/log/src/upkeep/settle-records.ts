import type { Offset } from "@millrace/model";
import type { ProducerSnapshots } from "../producer/producer-snapshots.ts";
import type { LogSegment } from "../segment/log-segment.ts";
import type { RecoveryOptions } from "./recovery-options.ts";

/**
 * Forgets records of what may never have reached the device: they may say more than is there. Gives the offset below
 * which all was durable. Snapshots of producers are vouched for by what is left.
 */
export function settleRecords(
  segments: readonly LogSegment[],
  snapshots: ProducerSnapshots,
  { platform, recoveryPoint, wasCleanlyClosed = false }: RecoveryOptions,
): Offset {
  let durable = recoveryPoint ?? 0;
  for (const segment of segments) {
    const { path, record, sizeBytes } = segment;
    if (record === undefined) {
      if (wasCleanlyClosed && sizeBytes > 0)
        platform.logger.log("warn", "log.record-missing", { path });
      continue;
    }
    if (wasCleanlyClosed) durable = Math.max(durable, record.endOffset);
    else if (record.endOffset > durable) segment.record = undefined;
    if (segment.record !== undefined) snapshots.vouch(segment.baseOffset, record);
  }
  return durable;
}
