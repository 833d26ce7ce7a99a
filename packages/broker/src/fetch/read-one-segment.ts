import type { LogSlice, ReadOptions } from "@millrace/log";
import { BATCH_HEADER_BYTES, readMaxTimestamp } from "@millrace/protocol";
import type { Partition } from "../partition/partition.ts";

/** A slice, and the offset where reading had to end. */
export interface SegmentSlice extends LogSlice {
  readonly upTo: number;
}

/**
 * Reads within one segment, as Kafka answers: what a segment was closed for by time (`segment.ms`, measured on the
 * records' own timestamps) shows in what one fetch gives. Batches from the cache know no segments, so that those whose
 * times lie far apart are looked up; nothing is where they do not.
 */
export function readOneSegment(
  partition: Partition,
  offset: number,
  options: ReadOptions,
): SegmentSlice {
  const slice = partition.read(offset, options);
  if (!spansSegments(slice.parts, partition.config.segmentMs))
    return { ...slice, upTo: options.upTo };
  const upTo = Math.min(options.upTo, partition.nextSegmentStart(offset));
  return upTo === options.upTo
    ? { ...slice, upTo }
    : { ...partition.read(offset, { ...options, upTo }), upTo };
}

function spansSegments(parts: readonly Uint8Array[], segmentMs: number): boolean {
  if (parts.length < 2) return false;
  let earliest = Number.POSITIVE_INFINITY;
  for (const part of parts) {
    if (part.length < BATCH_HEADER_BYTES) continue;
    const timestamp = readMaxTimestamp(part, 0);
    if (timestamp - earliest > segmentMs) return true;
    if (timestamp < earliest) earliest = timestamp;
  }
  return false;
}
