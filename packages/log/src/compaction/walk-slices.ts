import { LogCorruptedError } from "../log-error.ts";
import type { LogSegment } from "../segment/log-segment.ts";
import type { SegmentList } from "../segment/segment-list.ts";
import type { CleaningPace } from "./cleaning-pace.ts";

export interface BatchVisitor {
  /** True: no more batches are wanted. */
  readonly batch: (bytes: Uint8Array, at: number) => boolean | void;
  /** After the batches of a slice; gives the bytes that it wrote. */
  readonly slice?: () => number;
}

/**
 * Visits the batches of a closed segment, slice by slice. Between slices its file may be closed, and the segment may be
 * removed: then `rest` throws.
 *
 * @throws LogCorruptedError
 */
export async function walkSlices(
  segments: SegmentList,
  segment: LogSegment,
  { pace, ...visitor }: BatchVisitor & { readonly pace: CleaningPace },
): Promise<void> {
  let isDone = false;
  for (let start = 0; start < segment.sizeBytes && !isDone;) {
    const cursor = segments
      .use(segments.all.indexOf(segment))
      .walk(start, { chunkBytes: pace.sliceBytes });
    let end = start;
    while (!isDone && end - start < pace.sliceBytes && cursor.next()) {
      isDone = visitor.batch(cursor.bytes, cursor.at) === true;
      end = cursor.position + cursor.sizeBytes;
    }
    if (cursor.failure !== undefined)
      throw new LogCorruptedError({
        path: segment.path,
        position: cursor.position,
        firstOffset: segment.baseOffset,
        lastOffset: segment.endOffset - 1,
        reason: cursor.failure,
      });
    const written = visitor.slice?.() ?? 0;
    await pace.rest(end - start + written);
    start = end;
  }
}
