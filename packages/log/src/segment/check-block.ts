import type { Offset } from "@millrace/model";
import type { FileHandle } from "@millrace/platform";
import {
  isCrcValid,
  readBaseOffset,
  readLastOffset,
  readPartitionLeaderEpoch,
} from "@millrace/protocol/records";
import { LogCorruptedError } from "../log-error.ts";
import { chainBatch, type Block } from "./batch-chain.ts";
import { FileBatchCursor, type LoadedBytes } from "./file-batch-cursor.ts";
import type { EpochEntry } from "./leader-epochs.ts";

/** Lends memory until it is given back. */
export interface LendingMemory {
  take(sizeBytes: number): Uint8Array;
  giveBack(views: readonly Uint8Array[]): void;
}

/** What comes before a block, and where it lies. */
export interface BlockPlace {
  readonly path: string;
  readonly start: number;
  /** The offset that it should begin with, and the checksum of all before it. */
  readonly expectedOffset: Offset;
  readonly checksum: number;
  /** Epochs of the segment; none: they are not known. */
  readonly epochs: readonly EpochEntry[];
  /** Offset after the last one of the segment. */
  readonly segmentEnd: Offset;
  /** What of the file is in memory; a block that is not as a whole is read. */
  readonly loaded?: LoadedBytes;
  /** Lends what it is read into. */
  readonly memory?: LendingMemory;
}

/**
 * Goes through a whole block: checksums, the order of offsets, and what the segment's record says of it.
 *
 * @throws LogCorruptedError
 */
export function checkBlock(handle: FileHandle, block: Block, place: BlockPlace): void {
  const { start, memory } = place;
  const end = block.endPosition;
  const loaded = holds(place.loaded, start, end) ? place.loaded : undefined;
  const lent: Uint8Array[] = [];
  const take = (sizeBytes: number) => {
    const bytes = memory?.take(sizeBytes) ?? new Uint8Array(sizeBytes);
    lent.push(bytes);
    return bytes;
  };
  try {
    const cursor = new FileBatchCursor(handle, { start, end, memory: { take }, loaded });
    checkBatches(cursor, block, place);
  } finally {
    memory?.giveBack(lent);
  }
}

function holds(loaded: LoadedBytes | undefined, start: number, end: number): boolean {
  if (loaded === undefined) return false;
  return loaded.start <= start && end <= loaded.start + loaded.bytes.length;
}

function checkBatches(cursor: FileBatchCursor, block: Block, place: BlockPlace): void {
  let expectedOffset = place.expectedOffset;
  let checksum = place.checksum;
  /** The first batch that begins elsewhere, or in another epoch: all is well if the checksum says so, and only then. */
  let odd: { readonly position: number; readonly firstOffset: Offset } | undefined;
  const fail = (position: number, firstOffset: Offset, reason: string) => {
    const { path, segmentEnd } = place;
    const at = odd ?? { position, firstOffset };
    return new LogCorruptedError({ path, ...at, lastOffset: segmentEnd - 1, reason });
  };
  while (cursor.next()) {
    const { bytes, at, position } = cursor;
    if (!isCrcValid(bytes, at)) throw fail(position, expectedOffset, "the checksum does not match");
    const isOdd =
      readBaseOffset(bytes, at) !== expectedOffset ||
      (place.epochs.length > 0 &&
        readPartitionLeaderEpoch(bytes, at) !== epochAt(place.epochs, expectedOffset));
    if (isOdd) odd ??= { position, firstOffset: expectedOffset };
    checksum = chainBatch(checksum, bytes, at);
    // However much of it is sound: it may be another log's.
    if (position === place.start && checksum !== block.firstChecksum) break;
    expectedOffset = readLastOffset(bytes, at) + 1;
  }
  if (cursor.failure !== undefined) throw fail(cursor.position, expectedOffset, cursor.failure);
  if (checksum === block.checksum) return;
  throw fail(
    place.start,
    place.expectedOffset,
    "its offset, length or epoch is not the one that was recorded",
  );
}

function epochAt(epochs: readonly EpochEntry[], offset: Offset): number {
  return epochs.findLast((entry) => entry.startOffset <= offset)?.epoch ?? -1;
}
