import type { ReadMemory } from "@millrace/log";
import {
  AbortedTransactionFilter,
  BatchCursor,
  isControl,
  readAttributes,
  readBaseOffset,
  readLastOffset,
} from "@millrace/protocol/records";
import type { Partition } from "../partition/partition.ts";
import type { AcquiredRecords, FetchedBatch } from "./partition/acquire.ts";

/** A batch that was read. */
export interface ReadBatch extends FetchedBatch {
  readonly bytes: Uint8Array;
}

export interface ReadLimits {
  readonly maxBytes: number;
  readonly minOneBatch: boolean;
  readonly isCommittedOnly: boolean;
}

/**
 * Whole batches from an offset on.
 *
 * @throws LogRequestError, LogStorageError, LogCorruptedError
 */
export function readBatches(
  partition: Partition,
  fetchOffset: number,
  { memory, ...limits }: ReadLimits & { readonly memory: ReadMemory },
): readonly ReadBatch[] {
  const { isCommittedOnly, maxBytes, minOneBatch } = limits;
  const upTo = readableTo(partition, isCommittedOnly);
  if (fetchOffset >= upTo) return [];
  const { parts, nextOffset } = partition.read(fetchOffset, {
    maxBytes,
    minOneBatch,
    upTo,
    memory,
  });
  const aborted = isCommittedOnly ? partition.abortedTransactions(fetchOffset, nextOffset) : [];
  const filter = new AbortedTransactionFilter([...aborted]);
  const batches: ReadBatch[] = [];
  for (const part of parts) {
    const cursor = new BatchCursor(part);
    while (cursor.next()) {
      const { position, sizeBytes } = cursor;
      const isAccepted = filter.accepts(part, position);
      batches.push({
        baseOffset: readBaseOffset(part, position),
        lastOffset: readLastOffset(part, position),
        isAborted: !isAccepted && !isControl(readAttributes(part, position)),
        bytes: part.subarray(position, position + sizeBytes),
      });
    }
  }
  return batches;
}

/** What a group sees nothing at or above of. */
export function readableTo(partition: Partition, isCommittedOnly: boolean): number {
  return isCommittedOnly ? partition.lastStableOffset : partition.highWatermark;
}

/** The batches that acquired records are in, and all between them. */
export function batchesOf(
  batches: readonly ReadBatch[],
  acquired: readonly AcquiredRecords[],
): readonly Uint8Array[] {
  const first = acquired.at(0);
  const last = acquired.at(-1);
  if (first === undefined || last === undefined) return [];
  return batches
    .filter(
      ({ baseOffset, lastOffset }) =>
        lastOffset >= first.firstOffset && baseOffset <= last.lastOffset,
    )
    .map(({ bytes }) => bytes);
}

export function sizeOf(batches: readonly ReadBatch[]): number {
  let sizeBytes = 0;
  for (const { bytes } of batches) sizeBytes += bytes.length;
  return sizeBytes;
}
