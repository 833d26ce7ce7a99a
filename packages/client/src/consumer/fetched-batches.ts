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
  const { fetchOffset: askedOffset } = assigned;
  for (;;) {
    const broken = advance(cursor, assigned.fetchOffset > askedOffset);
    if (broken !== undefined) {
      queue(bytes.length - cursor.position, assigned.fetchOffset + 1, broken);
      assigned.fetchOffset += 1;
      return;
    }
    const { position, sizeBytes } = cursor;
    if (sizeBytes === 0) return;
    const { isShown, damage } = examine(bytes, position, filter, options);
    if (damage !== undefined) {
      // It reaches beyond what came before, whatever its header says: else it would be asked for again for ever.
      const least = assigned.fetchOffset + 1;
      const nextOffset = Math.max(least, endOfDamaged(bytes, position, sizeBytes));
      queue(sizeBytes, nextOffset, damage);
      assigned.fetchOffset = nextOffset;
      // It may have been the end of an aborted transaction: another fetch tells anew which ones there are.
      return;
    }
    const nextOffset = readLastOffset(bytes, position) + 1;
    if (nextOffset <= assigned.fetchOffset) continue;
    if (isShown) queue(sizeBytes, nextOffset);
    assigned.fetchOffset = nextOffset;
    assigned.lastEpoch = readPartitionLeaderEpoch(bytes, position);
  }
}

/** Moves to the next batch. Gives what is wrong if that cannot be found. */
function advance(cursor: BatchCursor, hasProgress: boolean): unknown {
  try {
    // The last batch of a fetch may be cut off, but not before anything new has come: it would be for ever.
    if (cursor.next() || hasProgress) return undefined;
    return new ProtocolError(
      "MALFORMED_BATCH",
      `record batches are malformed: none that came ends behind this offset, and ${cursor.leftoverBytes} bytes are left over`,
    );
  } catch (error) {
    return error;
  }
}

/** Whether a batch is shown, and what is wrong with it, as far as that can be told without its records. */
function examine(
  bytes: Uint8Array,
  position: number,
  filter: AbortedTransactionFilter,
  { checkCrcs }: FetchedBatchesOptions,
): { readonly isShown: boolean; readonly damage?: unknown } {
  // The checksum first: nothing else in a damaged header can be believed.
  if (checkCrcs && !isCrcValid(bytes, position)) {
    const damage = new KafkaError("CORRUPT_MESSAGE", "it does not match its checksum");
    return { isShown: true, damage };
  }
  if (readLastOffsetDelta(bytes, position) < 0) {
    const damage = new ProtocolError("MALFORMED_BATCH", "a record batch ends before it begins");
    return { isShown: true, damage };
  }
  try {
    // Also where it is not new: aborted transactions end in what has come before, too.
    return { isShown: filter.accepts(bytes, position) };
  } catch (damage) {
    return { isShown: true, damage };
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
