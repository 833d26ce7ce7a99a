import type { Offset, Timestamp } from "@millrace/model";
import {
  readLastOffset,
  readMaxTimestamp,
  readPartitionLeaderEpoch,
  RecordBatchReader,
  type Compression,
} from "@millrace/protocol/records";
import type { TimestampOffset } from "../log-types.ts";
import type { SegmentList } from "../segment/segment-list.ts";

interface Wanted {
  readonly timestamp: Timestamp;
  readonly fromOffset: Offset;
  readonly isExact: boolean;
}

/** First record from an offset on whose timestamp is at least the given one (ListOffsets). */
export function findTimestamp(
  segments: SegmentList,
  timestamp: Timestamp,
  from: { readonly offset: Offset; readonly codecs?: Compression },
): TimestampOffset | undefined {
  const wanted = { timestamp, fromOffset: from.offset, isExact: false };
  for (let index = segments.indexOf(from.offset); index < segments.all.length; index++) {
    const segment = segments.use(index);
    if (segment.maxTimestamp < timestamp) continue;
    const start = Math.max(segment.timeIndex.offsetFor(timestamp), from.offset);
    const found = findInSegment(segments, index, { start, wanted, codecs: from.codecs });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** First record with the largest timestamp of the log (ListOffsets with -3, KIP-734). */
export function findMaxTimestamp(
  segments: SegmentList,
  from: { readonly offset: Offset; readonly codecs?: Compression },
): TimestampOffset | undefined {
  let best = -1;
  let largest: Timestamp = -1;
  for (let index = 0; index < segments.all.length; index++) {
    const { maxTimestamp } = segments.use(index);
    if (maxTimestamp <= largest) continue;
    best = index;
    largest = maxTimestamp;
  }
  if (best < 0) return undefined;
  const wanted = { timestamp: largest, fromOffset: from.offset, isExact: true };
  const start = segments.all[best].maxTimestampOffset;
  return findInSegment(segments, best, { start, wanted, codecs: from.codecs });
}

function findInSegment(
  segments: SegmentList,
  index: number,
  search: { readonly start: Offset; readonly wanted: Wanted; readonly codecs?: Compression },
): TimestampOffset | undefined {
  const { start, wanted, codecs } = search;
  const segment = segments.use(index);
  const position = segment.offsetIndex.positionFor(start);
  const cursor = segment.walk(position);
  while (cursor.next()) {
    const { bytes, at } = cursor;
    if (readMaxTimestamp(bytes, at) < wanted.timestamp) continue;
    if (readLastOffset(bytes, at) < wanted.fromOffset) continue;
    const records = new RecordBatchReader({ bytes, position: at, codecs });
    while (records.next()) {
      const { timestamp, offset } = records;
      const isMatch = wanted.isExact
        ? timestamp === wanted.timestamp
        : timestamp >= wanted.timestamp;
      if (isMatch && offset >= wanted.fromOffset)
        return { timestamp, offset, leaderEpoch: readPartitionLeaderEpoch(bytes, at) };
    }
  }
  return undefined;
}
