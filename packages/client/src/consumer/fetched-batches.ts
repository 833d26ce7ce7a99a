import type { Offset } from "@millrace/model";
import { KafkaError, ProtocolError } from "@millrace/protocol";
import { type FetchResponse } from "@millrace/protocol/definitions";
import {
  AbortedTransactionFilter,
  batchHeaderBytes,
  BatchCursor,
  isCrcValid,
  readBaseOffset,
  readLastOffset,
  readLastOffsetDelta,
  readPartitionLeaderEpoch,
  readRecordCount,
  type Compression,
} from "@millrace/protocol/records";

import type { AssignedPartition } from "./assigned-partition.ts";
import { FetchedBatch } from "./fetched-batch.ts";
import { FetchedBytes } from "./fetched-bytes.ts";

type PartitionData = FetchResponse["responses"][number]["partitions"][number];

export interface FetchedBatchesOptions {
  readonly isCommitted: boolean;
  readonly codecs: Compression | undefined;
  /** Whether checksums are checked. */
  readonly checkCrcs: boolean;
  /** Called when bytes have been given back. */
  readonly onFreed: () => void;
}

/**
 * Puts what a fetch brought into a partition's queue, without control batches and (for committed reading) without
 * those of aborted transactions. Offsets of what is left out count as fetched. What is damaged is queued in its
 * place, and told when it is reached.
 *
 * CLIENT-2: batches of a partition are queued in the order of their offsets, each once.
 */
export function queueFetched(
  assigned: AssignedPartition,
  data: PartitionData,
  options: FetchedBatchesOptions,
): void {
  if (data.records === null || data.records.length === 0) return;
  const source = new FetchedBytes(data.records, assigned.held, options.onFreed);
  const { bytes } = source;
  const filter = new AbortedTransactionFilter(
    options.isCommitted ? data.abortedTransactions : null,
  );
  const cursor = new BatchCursor(bytes);
  const queue = (sizeBytes: number, nextOffset: Offset, damage?: unknown): void => {
    const { topic, partition, fetchOffset: fromOffset } = assigned;
    const { position } = cursor;
    const place = { topic, partition, position, sizeBytes, fromOffset, nextOffset };
    assigned.fetched.push(new FetchedBatch(source, place, { codecs: options.codecs, damage }));
  };
  let hasBatch = false;
  for (;;) {
    const broken = advance(cursor, hasBatch);
    if (broken !== undefined) {
      queue(bytes.length - cursor.position, assigned.fetchOffset + 1, broken);
      assigned.fetchOffset += 1;
      return;
    }
    const { position, sizeBytes } = cursor;
    if (sizeBytes === 0) return;
    hasBatch = true;
    // The checksum first: nothing else in a damaged header can be believed.
    const isDamaged = options.checkCrcs && !isCrcValid(bytes, position);
    const nextOffset = isDamaged
      ? endOfDamaged(bytes, position, sizeBytes)
      : readLastOffset(bytes, position) + 1;
    // Also where it is not new: aborted transactions end in what has come before, too.
    const isShown = isDamaged || filter.accepts(bytes, position);
    if (nextOffset <= assigned.fetchOffset) {
      if (isDamaged) return;
      continue;
    }
    if (isShown) queue(sizeBytes, nextOffset, isDamaged ? mismatch() : undefined);
    assigned.fetchOffset = nextOffset;
    // It may have been the end of an aborted transaction: another fetch tells anew which ones there are.
    if (isDamaged) return;
    assigned.lastEpoch = readPartitionLeaderEpoch(bytes, position);
  }
}

/** Moves to the next batch. Gives what is wrong if that cannot be found. */
function advance(cursor: BatchCursor, hasBatch: boolean): unknown {
  try {
    // The last batch of a fetch may be cut off, but not the first: it would be cut off again for ever.
    if (cursor.next() || hasBatch) return undefined;
    return new ProtocolError(
      "MALFORMED_BATCH",
      `a record batch is malformed: it does not end within the ${cursor.leftoverBytes} bytes that came`,
    );
  } catch (error) {
    return error;
  }
}

/**
 * Where reading can go on behind a batch whose header may be wrong: at the batch that follows, or else at the least
 * that the header claims. Too low an offset is asked for again; one that is too high would pass over good records.
 */
function endOfDamaged(bytes: Uint8Array, position: number, sizeBytes: number): Offset {
  const baseOffset = readBaseOffset(bytes, position);
  const following = position + sizeBytes;
  if (following + batchHeaderBytes <= bytes.length) {
    const next = readBaseOffset(bytes, following);
    if (next > baseOffset) return next;
  }
  const claimed = Math.min(
    readLastOffsetDelta(bytes, position) + 1,
    readRecordCount(bytes, position),
  );
  return baseOffset + Math.max(1, claimed);
}

function mismatch(): KafkaError {
  return new KafkaError("CORRUPT_MESSAGE", "it does not match its checksum");
}
