import type { Offset } from "@millrace/model";
import { KafkaError, ProtocolError } from "@millrace/protocol";
import { type FetchResponse } from "@millrace/protocol/definitions";
import {
  AbortedTransactionFilter,
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
  const { topic, partition, fetchOffset: askedOffset } = assigned;
  const queue = (
    { position, sizeBytes }: BatchBounds,
    nextOffset: Offset,
    damage?: unknown,
  ): void => {
    const fromOffset = assigned.fetchOffset;
    const place = { topic, partition, position, sizeBytes, fromOffset, nextOffset };
    assigned.fetched.push(new FetchedBatch(source, place, { codecs: options.codecs, damage }));
    assigned.fetchOffset = nextOffset;
    // What it ends in: a broker would take another epoch for a history that this one has not.
    if (damage !== undefined) assigned.lastEpoch = -1;
  };
  /** Of the last batch that is sound. */
  let soundEnd: Offset = 0;
  for (;;) {
    const broken = advance(cursor);
    const { position, sizeBytes } = cursor;
    if (broken !== undefined) {
      const rest = { position, sizeBytes: bytes.length - position };
      return queue(rest, assigned.fetchOffset + 1, broken);
    }
    if (sizeBytes === 0) break;
    const { isShown, damage } = examine(bytes, position, soundEnd, { filter, ...options });
    if (damage !== undefined) {
      const following = soundBatchBehind(bytes, cursor, assigned.fetchOffset);
      // Nobody waits for it: it came since its header claims to reach further.
      if (following.baseOffset <= assigned.fetchOffset) continue;
      const end = Math.min(leastEnd(bytes, position, following), data.highWatermark);
      queue(cursor, Math.max(end, assigned.fetchOffset + 1), damage);
      // It may have been the end of an aborted transaction: another fetch tells anew which ones there are.
      return;
    }
    soundEnd = readLastOffset(bytes, position) + 1;
    if (soundEnd <= assigned.fetchOffset) continue;
    if (isShown) queue(cursor, soundEnd);
    else assigned.fetchOffset = soundEnd;
    assigned.lastEpoch = readPartitionLeaderEpoch(bytes, position);
  }
  // The last batch of a fetch may be cut off. If nothing new came before it, it would be so again for ever.
  if (assigned.fetchOffset > askedOffset) return;
  const whole = { position: 0, sizeBytes: bytes.length };
  queue(whole, askedOffset + 1, withoutProgress(askedOffset, cursor.leftoverBytes));
}

interface BatchBounds {
  readonly position: number;
  readonly sizeBytes: number;
}

/** Moves to the next batch. Gives what is wrong if that cannot be found. */
function advance(cursor: BatchCursor): unknown {
  try {
    cursor.next();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Whether a batch is shown, or what is wrong with it, as far as that can be told without its records. */
function examine(
  bytes: Uint8Array,
  position: number,
  soundEnd: Offset,
  {
    filter,
    checkCrcs,
  }: Pick<FetchedBatchesOptions, "checkCrcs"> & { readonly filter: AbortedTransactionFilter },
): { readonly isShown?: boolean; readonly damage?: unknown } {
  // The checksum first: nothing else in a damaged header can be believed.
  if (checkCrcs && !isCrcValid(bytes, position))
    return { damage: new KafkaError("CORRUPT_MESSAGE", "it does not match its checksum") };
  if (readLastOffsetDelta(bytes, position) < 0)
    return { damage: malformed("it ends before it begins") };
  if (readBaseOffset(bytes, position) < soundEnd)
    return { damage: malformed("it begins before the end of the batch before it") };
  try {
    return { isShown: filter.accepts(bytes, position) };
  } catch (error) {
    // Also a codec that it names: no end of a transaction is compressed.
    if (error instanceof ProtocolError || error instanceof KafkaError) return { damage: error };
    throw error;
  }
}

interface FollowingBatch {
  readonly baseOffset: Offset;
  /** True: it is the first behind the damaged one. */
  readonly isNext: boolean;
}

/**
 * The first batch behind a damaged one that matches its checksum: what is damaged ends where it begins, at the latest.
 * What else there seems to be may be due to a damaged size. `Infinity`: there is none.
 */
function soundBatchBehind(
  bytes: Uint8Array,
  { position, sizeBytes }: BatchBounds,
  fetchOffset: Offset,
): FollowingBatch {
  // What begins before it is wrong; of the two offsets the greater one may be.
  const damagedOffset = Math.min(readBaseOffset(bytes, position), fetchOffset);
  const start = position + sizeBytes;
  const cursor = new BatchCursor(bytes, start);
  while (advance(cursor) === undefined && cursor.sizeBytes > 0) {
    const baseOffset = readBaseOffset(bytes, cursor.position);
    if (baseOffset > damagedOffset && isCrcValid(bytes, cursor.position))
      return { baseOffset, isNext: cursor.position === start };
  }
  return { baseOffset: Infinity, isNext: false };
}

/**
 * The least end that a damaged batch may have by its header and by what follows it. Too low an offset is asked for again;
 * one that is too high would pass over good records.
 */
function leastEnd(
  bytes: Uint8Array,
  position: number,
  { baseOffset: followingOffset, isNext }: FollowingBatch,
): Offset {
  const recordCount = readRecordCount(bytes, position);
  const delta = readLastOffsetDelta(bytes, position);
  const claimed = delta < 0 ? recordCount : delta + 1;
  const offsets = isNext ? claimed : Math.min(claimed, recordCount);
  return Math.min(readBaseOffset(bytes, position) + Math.max(1, offsets), followingOffset);
}

function withoutProgress(askedOffset: Offset, leftoverBytes: number): ProtocolError {
  return leftoverBytes > 0
    ? malformed(`it does not end within the ${leftoverBytes} bytes that came`)
    : malformed(`it ends before offset ${askedOffset}, which was asked for`);
}

function malformed(reason: string): ProtocolError {
  return new ProtocolError("MALFORMED_BATCH", `a record batch is malformed: ${reason}`);
}
