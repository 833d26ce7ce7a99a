import { noBytes, type Offset } from "@millrace/model";
import { readBaseOffset, readBatchSizeBytes, readLastOffset } from "@millrace/protocol/records";
import type { LogSlice, ReadOptions } from "../log-types.ts";
import type { FileBatchCursor } from "../segment/file-batch-cursor.ts";
import type { SegmentList } from "../segment/segment-list.ts";
import { BatchOrder } from "./batch-order.ts";
import { pinnedFactorMax } from "./read-memory.ts";
import type { TailCache } from "./tail-cache.ts";

/** Between an indexed batch and the one that is looked for there may be this much. */
const seekBytes = 16_384;
/** Most that one read takes to memory, whatever the budget; a larger first batch is taken still. */
const readBytesMax = 4_194_304;

export function emptySlice(offset: Offset): LogSlice {
  return { parts: [], sizeBytes: 0, nextOffset: offset, upTo: offset, rest: noBytes };
}

/** Batches of one segment in memory and in files. */
export interface ReadSource {
  readonly cache: TailCache;
  readonly segments: SegmentList;
}

/** From the batch that holds the offset on; undefined where it is not in the cache. */
export function readFromCache(
  { cache, segments }: ReadSource,
  offset: Offset,
  options: ReadOptions,
): LogSlice | undefined {
  const first = cache.indexOf(offset);
  const firstBatch = cache.batchAt(first);
  if (firstBatch === undefined) return undefined;
  const upTo = segments.limitFrom(segments.indexOf(firstBatch.baseOffset), options.upTo);
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  let nextOffset = offset;
  let rest = noBytes;
  for (let index = first; ; index++) {
    const batch = cache.batchAt(index);
    if (batch === undefined || batch.baseOffset >= upTo) break;
    const isForced = index === first && options.minOneBatch === true;
    if (sizeBytes + batch.bytes.length > options.maxBytes && !isForced) {
      rest = batch.bytes;
      break;
    }
    parts.push(batch.bytes);
    sizeBytes += batch.bytes.length;
    nextOffset = batch.nextOffset;
  }
  return { parts, sizeBytes, nextOffset, upTo, rest };
}

/**
 * The same from the files: one read into memory of its own.
 *
 * LOG-10: what was checked once may have been damaged since. Where a batch does not fit to its neighbours, its block is
 * checked again before it is served, or passed over.
 */
export function readFromFiles(
  { segments }: ReadSource,
  offset: Offset,
  options: ReadOptions,
): LogSlice {
  for (let index = segments.indexOf(offset); index < segments.all.length; index++) {
    const segment = segments.use(index);
    if (segment.endOffset <= offset) continue;
    const indexed = segment.offsetIndex.entryFor(offset);
    const cursor = segment.walk(indexed?.position ?? 0, {
      chunkBytes: Math.min(options.maxBytes, readBytesMax) + seekBytes,
      memory: options.memory,
    });
    const order = new BatchOrder(segment, indexed);
    while (cursor.next()) {
      const { bytes, at } = cursor;
      order.pass(cursor, at);
      if (readLastOffset(bytes, at) >= offset)
        return takeBatches(cursor, order, {
          ...options,
          offset,
          upTo: segments.limitFrom(index, options.upTo),
        });
    }
    if (cursor.failure !== undefined) throw order.damaged(cursor.position, cursor.failure);
  }
  return emptySlice(offset);
}

/** From the batch under the cursor on, which was passed. */
function takeBatches(
  cursor: FileBatchCursor,
  order: BatchOrder,
  { offset, ...options }: ReadOptions & { readonly offset: Offset },
): LogSlice {
  const { upTo } = options;
  const { bytes, at: start } = cursor;
  let end = start;
  let nextOffset = offset;
  let restEnd = 0;
  // The next read begins at what cannot be compared with what is behind it.
  for (; order.isSeen(cursor, end); end += readBatchSizeBytes(bytes, end)) {
    if (end > start) order.pass(cursor, end);
    if (readBaseOffset(bytes, end) >= upTo) break;
    const isForced = end === start && options.minOneBatch === true;
    restEnd = end + readBatchSizeBytes(bytes, end);
    if (restEnd - start > options.maxBytes && !isForced) break;
    nextOffset = readLastOffset(bytes, end) + 1;
  }
  const sizeBytes = end - start;
  const kept = withoutPinning(bytes.subarray(start, sizeBytes === 0 ? end : restEnd), options);
  const parts = sizeBytes === 0 ? [] : [kept.subarray(0, sizeBytes)];
  return { parts, sizeBytes, nextOffset, upTo, rest: kept.subarray(sizeBytes) };
}

/** Where the bound on offsets leaves little of what was read, as behind an open transaction, the rest is not held. */
function withoutPinning(bytes: Uint8Array, { memory }: ReadOptions): Uint8Array {
  if (bytes.buffer.byteLength <= pinnedFactorMax * bytes.length) return bytes;
  const kept = bytes.slice();
  memory?.giveBack([bytes]);
  return kept;
}
