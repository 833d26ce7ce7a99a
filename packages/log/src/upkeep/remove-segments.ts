import type { Offset } from "@millrace/model";
import type { DirtyFiles } from "../segment/dirty-files.ts";
import type { LogSegment } from "../segment/log-segment.ts";
import type { SegmentList } from "../segment/segment-list.ts";
import type { ProducerSnapshots } from "../producer/producer-snapshots.ts";

export interface SegmentRemoval {
  readonly segments: SegmentList;
  readonly dirty: DirtyFiles;
  readonly snapshots: ProducerSnapshots;
  /** What becomes of the files. */
  readonly remove: (segment: LogSegment) => void;
}

/**
 * Removes closed segments whose records all lie below an offset, and the snapshots that only they needed. The log
 * start is durable above them already (C11).
 */
export function removeSegmentsBelow(
  logStartOffset: Offset,
  { segments, dirty, snapshots, remove }: SegmentRemoval,
): void {
  const { all, active } = segments;
  let count = 0;
  while (all[count] !== active && all[count].endOffset <= logStartOffset) count++;
  if (count === 0) return;
  for (const segment of segments.removeFirst(count)) remove(segment);
  const { baseOffset } = segments.all[0];
  snapshots.removeUnless(
    (offset) => offset >= baseOffset,
    (path) => dirty.removeFile(path),
  );
  dirty.addDirectory();
}
