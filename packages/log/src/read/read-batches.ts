import type { Offset } from "@millrace/model";
import {
  BATCH_HEADER_BYTES,
  readBaseOffset,
  readBatchSizeBytes,
  readLastOffset,
} from "@millrace/protocol";
import { LogCorruptedError } from "../log-error.ts";
import type { LogSlice, ReadOptions } from "../log-types.ts";
import type { SegmentList } from "../segment/segment-list.ts";
import { FileBatchCursor } from "./file-batch-cursor.ts";
import type { TailCache } from "./tail-cache.ts";

/** Between an indexed batch and the one that is looked for there may be this much. */
const seekBytes = 16_384;
/** Most that one read takes to memory, whatever the budget; a larger first batch is taken still. */
const readBytesMax = 4_194_304;

export function emptySlice(offset: Offset): LogSlice {
  return { parts: [], sizeBytes: 0, nextOffset: offset };
}

/** From the batch that holds the offset on; undefined where it is not in the cache. */
export function readFromCache(
  cache: TailCache,
  offset: Offset,
  options: ReadOptions,
): LogSlice | undefined {
  const first = cache.indexOf(offset);
  if (first < 0) return undefined;
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  let nextOffset = offset;
  for (let index = first; ; index++) {
    const batch = cache.batchAt(index);
    if (batch === undefined || batch.baseOffset >= options.upTo) break;
    const isForced = index === first && options.minOneBatch === true;
    if (sizeBytes + batch.bytes.length > options.maxBytes && !isForced) break;
    parts.push(batch.bytes);
    sizeBytes += batch.bytes.length;
    nextOffset = batch.nextOffset;
  }
  return { parts, sizeBytes, nextOffset };
}

/** The same from the files: one read into fresh memory, of one segment. */
export function readFromFiles(
  segments: SegmentList,
  offset: Offset,
  options: ReadOptions,
): LogSlice {
  for (let index = segments.indexOf(offset); index < segments.all.length; index++) {
    const segment = segments.use(index);
    if (segment.endOffset <= offset) continue;
    const cursor = new FileBatchCursor(
      segment.handle,
      segment.offsetIndex.positionFor(offset),
      segment.sizeBytes,
      Math.min(options.maxBytes, readBytesMax) + seekBytes,
    );
    while (cursor.next())
      if (readLastOffset(cursor.bytes, cursor.at) >= offset)
        return takeBatches(cursor.bytes, cursor.at, offset, options);
    if (cursor.failure !== undefined)
      throw new LogCorruptedError({
        path: segment.path,
        position: cursor.position,
        firstOffset: offset,
        lastOffset: segment.endOffset - 1,
        reason: cursor.failure,
      });
  }
  return emptySlice(offset);
}

function takeBatches(
  bytes: Uint8Array,
  start: number,
  offset: Offset,
  options: ReadOptions,
): LogSlice {
  let end = start;
  let nextOffset = offset;
  while (end + BATCH_HEADER_BYTES <= bytes.length) {
    const sizeBytes = readBatchSizeBytes(bytes, end);
    if (sizeBytes < BATCH_HEADER_BYTES || end + sizeBytes > bytes.length) break;
    if (readBaseOffset(bytes, end) >= options.upTo) break;
    const isForced = end === start && options.minOneBatch === true;
    if (end - start + sizeBytes > options.maxBytes && !isForced) break;
    nextOffset = readLastOffset(bytes, end) + 1;
    end += sizeBytes;
  }
  if (end === start) return emptySlice(offset);
  return { parts: [bytes.subarray(start, end)], sizeBytes: end - start, nextOffset };
}
