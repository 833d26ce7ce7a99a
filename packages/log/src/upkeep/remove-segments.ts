import type { Offset } from "@millrace/model";
import type { DirtyFiles } from "../segment/dirty-files.ts";
import type { SegmentList } from "../segment/segment-list.ts";
import type { ProducerSnapshots } from "../producer/producer-snapshots.ts";

/**
 * Removes closed segments whose records all lie below an offset, and the snapshots that only they needed. The log
 * start is durable above them already (C11).
 */
export function removeSegmentsBelow(
  logStartOffset: Offset,
  segments: SegmentList,
  dirty: DirtyFiles,
  snapshots: ProducerSnapshots,
): void {
  const { all, active } = segments;
  let count = 0;
  while (all[count] !== active && all[count].endOffset <= logStartOffset) count++;
  if (count === 0) return;
  for (const segment of segments.removeFirst(count)) dirty.removeSegment(segment);
  const { baseOffset } = segments.all[0];
  snapshots.removeUnless(
    (offset) => offset >= baseOffset,
    (path) => dirty.removeFile(path),
  );
  dirty.addDirectory();
}
