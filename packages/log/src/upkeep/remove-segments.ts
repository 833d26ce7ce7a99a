import type { Offset } from "@millrace/model";
import type { FileSystem } from "@millrace/platform";
import type { DirtyFiles } from "../segment/dirty-files.ts";
import { parentOf } from "../checkpoint/checkpoint-file.ts";
import type { SegmentList } from "../segment/segment-list.ts";
import { listProducerSnapshots, producerSnapshotPath } from "../producer/replay-producers.ts";

/**
 * Removes closed segments whose records all lie below an offset, and the snapshots that only they needed. The log
 * start is durable above them already (C11).
 */
export function removeSegmentsBelow(
  logStartOffset: Offset,
  segments: SegmentList,
  dirty: DirtyFiles,
  fileSystem: FileSystem,
): void {
  const { all, active } = segments;
  let count = 0;
  while (all[count] !== active && all[count].endOffset <= logStartOffset) count++;
  if (count === 0) return;
  for (const segment of segments.removeFirst(count)) {
    dirty.removeSegment(segment);
    segment.remove();
  }
  const first = segments.all[0];
  const directory = parentOf(first.path);
  for (const offset of listProducerSnapshots(fileSystem, directory))
    if (offset < first.baseOffset) fileSystem.remove(producerSnapshotPath(directory, offset));
  dirty.addDirectory();
}
