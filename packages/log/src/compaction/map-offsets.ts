import type { Offset } from "@millrace/model";
import {
  isControl,
  readAttributes,
  readLastOffset,
  RecordBatchReader,
  type Compression,
} from "@millrace/protocol/records";
import type { SegmentList } from "../segment/segment-list.ts";
import { CleanedTransactions } from "./cleaned-transactions.ts";
import type { CleaningPace } from "./cleaning-pace.ts";
import type { Cleanable } from "./judge-compaction.ts";
import type { OffsetMap } from "./offset-map.ts";
import { walkSlices } from "./walk-slices.ts";

/**
 * Notes the last offset of each key of the dirty part (Kafka: `Cleaner.buildOffsetMap`), as far as there is room:
 * `offsets.latestOffset` says how far that is. What was aborted is no value of its key.
 */
export async function mapOffsets(
  segments: SegmentList,
  { firstDirtyOffset, endOffset }: Cleanable,
  {
    offsets,
    pace,
    codecs,
  }: {
    readonly offsets: OffsetMap;
    readonly pace: CleaningPace;
    readonly codecs: Compression | undefined;
  },
): Promise<void> {
  const transactions = new CleanedTransactions();
  const dirty = segments.all.filter(
    (segment) => segment.baseOffset < endOffset && segment.endOffset > firstDirtyOffset,
  );
  let isFull = false;
  for (const segment of dirty) {
    transactions.add(segments.abortedIn(segment.baseOffset, segment.endOffset));
    await walkSlices(segments, segment, {
      pace,
      batch: (bytes, at) => {
        const isAborted = transactions.isDiscardable(bytes, at);
        const isData = !isControl(readAttributes(bytes, at));
        if (isData && !isAborted)
          isFull = !noteKeys(
            offsets,
            firstDirtyOffset,
            new RecordBatchReader({ bytes, position: at, codecs }),
          );
        if (isFull) return true;
        const lastOffset = readLastOffset(bytes, at);
        if (lastOffset >= firstDirtyOffset) offsets.latestOffset = lastOffset;
        return false;
      },
    });
    if (isFull) return;
    // Offsets at its end may have no batch any more.
    offsets.latestOffset = segment.endOffset - 1;
  }
}

/** False: there was no room for one of them. */
function noteKeys(offsets: OffsetMap, firstOffset: Offset, records: RecordBatchReader): boolean {
  while (records.next()) {
    const { key, offset } = records;
    if (key !== null && offset >= firstOffset && !offsets.put(key, offset)) return false;
  }
  return true;
}
