import type { Offset } from "@millrace/model";
import {
  AbortedTransactionFilter,
  BatchCursor,
  isControl,
  isCrcValid,
  ProtocolError,
  readAttributes,
  readLastOffset,
  readPartitionLeaderEpoch,
  type AbortedTransaction,
} from "@millrace/protocol";

/** What one fetch brought of one partition, undecoded: a slice of the response. */
export interface FetchedData {
  readonly bytes: Uint8Array;
  /** Where the batches lie that the reader may see. */
  readonly positions: readonly number[];
  /** Records below are not wanted: the first batch may begin before what was asked for. */
  readonly fromOffset: Offset;
  /** The offset after the last batch, seen or not. */
  readonly nextOffset: Offset;
  /** Leader epoch of the last batch. */
  readonly lastEpoch: number;
}

export interface FetchedBytes {
  readonly bytes: Uint8Array;
  readonly fromOffset: Offset;
  readonly lastEpoch: number;
  /** Null: all transactions may be seen. */
  readonly aborted: readonly AbortedTransaction[] | null;
  readonly isCommittedOnly: boolean;
  readonly checkCrcs: boolean;
}

/**
 * Finds the batches in fetched bytes: heads are read, records stay as they are. CLIENT-5: a reader of
 * committed records sees no batch of an aborted transaction, and no reader sees control batches.
 *
 * @throws ProtocolError for bytes that are no batches
 */
export function findBatches(fetched: FetchedBytes): FetchedData {
  const { bytes, fromOffset, isCommittedOnly, checkCrcs } = fetched;
  const filter = isCommittedOnly ? new AbortedTransactionFilter(fetched.aborted) : undefined;
  const cursor = new BatchCursor(bytes);
  const positions: number[] = [];
  let nextOffset = fromOffset;
  let { lastEpoch } = fetched;
  while (cursor.next()) {
    const { position } = cursor;
    if (checkCrcs && !isCrcValid(bytes, position)) throw corrupt(nextOffset);
    const isVisible =
      filter === undefined
        ? !isControl(readAttributes(bytes, position))
        : filter.accepts(bytes, position);
    const lastOffset = readLastOffset(bytes, position);
    // A batch that ends before the position is one that compaction has left behind.
    if (lastOffset < fromOffset) continue;
    if (isVisible) positions.push(position);
    nextOffset = lastOffset + 1;
    lastEpoch = readPartitionLeaderEpoch(bytes, position);
  }
  return { bytes, positions, fromOffset, nextOffset, lastEpoch };
}

function corrupt(offset: Offset): ProtocolError {
  return new ProtocolError(
    "MALFORMED_BATCH",
    `the batch at offset ${offset} does not match its checksum; ask for it again`,
  );
}
