import type { FileSystem } from "@millrace/platform";
import { readBatchSizeBytes, readLastOffset } from "@millrace/protocol/records";
import { cleanedSuffix } from "../segment/log-file-names.ts";
import { LogSegment } from "../segment/log-segment.ts";
import type { SegmentList } from "../segment/segment-list.ts";
import { indexedTimestamp } from "../segment/indexed-timestamp.ts";
import type { CleaningPace } from "./cleaning-pace.ts";
import { filterBatch, type CleaningRules } from "./filter-batch.ts";
import { walkSlices } from "./walk-slices.ts";

export interface CleaningPlace {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  readonly indexIntervalBytes: number;
}

/**
 * Writes what stays of some segments as one, `.cleaned`, with its indexes in memory (Kafka: `Cleaner.cleanSegments`).
 * The caller makes it durable and puts it in their place, or removes it. What was written of one that fails is removed.
 *
 * @throws FileSystemError, LogCorruptedError, what `pace` throws
 */
export async function cleanSegments(
  segments: SegmentList,
  originals: readonly LogSegment[],
  {
    place,
    rules,
    pace,
  }: {
    readonly place: CleaningPlace;
    readonly rules: CleaningRules;
    readonly pace: CleaningPace;
  },
): Promise<LogSegment> {
  const [{ baseOffset }] = originals;
  const last = originals[originals.length - 1];
  const cleaned = new LogSegment(
    place.fileSystem,
    place.directory,
    baseOffset,
    last.createdMs,
  ).renamed(cleanedSuffix);
  // What a cleaning left that could not even remove it.
  cleaned.remove();
  cleaned.create();
  try {
    const { transactions } = rules;
    transactions.onKeptAborted = (entry) => cleaned.transactionIndex.append(entry);
    for (const original of originals) {
      transactions.add(segments.abortedIn(original.baseOffset, original.endOffset));
      const kept: Uint8Array[] = [];
      await walkSlices(segments, original, {
        pace,
        batch: (bytes, at) => {
          const batch = filterBatch(bytes, at, rules);
          if (batch !== undefined) kept.push(batch);
        },
        slice: () => append(cleaned, kept.splice(0), place),
      });
    }
    cleaned.seal();
    cleaned.endOffset = last.endOffset;
    return cleaned;
  } catch (error) {
    cleaned.remove();
    throw error;
  }
}

/** Gives how many bytes it wrote. */
function append(
  cleaned: LogSegment,
  batches: readonly Uint8Array[],
  { indexIntervalBytes }: CleaningPlace,
): number {
  if (batches.length === 0) return 0;
  let position = cleaned.sizeBytes;
  const sizeBytes = batches.reduce((sum, { length }) => sum + length, 0);
  cleaned.write(batches, sizeBytes);
  for (const bytes of batches) {
    const size = readBatchSizeBytes(bytes, 0);
    const lastOffset = readLastOffset(bytes, 0);
    const maxTimestamp = indexedTimestamp(bytes, 0);
    cleaned.chain.add(bytes, 0, size, lastOffset + 1);
    cleaned.index({ lastOffset, maxTimestamp, sizeBytes: size }, position, indexIntervalBytes);
    position += size;
  }
  return sizeBytes;
}
