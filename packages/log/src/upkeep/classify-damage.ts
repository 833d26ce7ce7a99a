import type { Offset } from "@millrace/model";
import type { FileHandle } from "@millrace/platform";
import {
  batchHeaderBytes,
  batchMagic,
  batchOverheadBytes,
  isCrcValid,
  readBaseOffset,
  readBatchSizeBytes,
  readLastOffset,
  readMagic,
} from "@millrace/protocol/records";
import { writeInt64 } from "@millrace/protocol/wire";
import { sectorBytes } from "./sector.ts";

const windowBytes = 4_194_304;
/** A batch's header alone has up to 14 zeros in a row: producer 0 in epoch 0 at sequence 0. */
const unwrittenBytesMin = 16;
const offsetDeltaMax = 2 ** 31;

/** A batch that stops making sense, and what lies around it. */
export interface BadBatch {
  readonly handle: FileHandle;
  /** Where it begins. */
  readonly position: number;
  readonly endPosition: number;
  /** The offset that it should begin with. */
  readonly expectedOffset: Offset;
  /** Its header claims more bytes than the file has. */
  readonly isCutShort: boolean;
  readonly hasLaterSegments: boolean;
  /** Everything below was made durable once. */
  readonly recoveryPoint: Offset;
}

export interface Verdict {
  readonly isTorn: boolean;
  /** Highest offset of valid batches behind; -1 without any. */
  readonly lastOffset: Offset;
}

/**
 * Tells a torn tail from damage. A crash leaves, above what was durable, a file that ends early or sectors that
 * were never written; nobody was told that those records are safe. Anything else took away what somebody may
 * rely on: bytes below the recovery point, or bad bytes in front of good batches.
 */
export function classifyBadBatch(bad: BadBatch): Verdict {
  const following = findFollowingBatch(bad);
  const lastOffset = following === undefined ? -1 : lastValidOffset(bad, following);
  if (bad.expectedOffset < bad.recoveryPoint) return { isTorn: false, lastOffset };
  const endsEarly = following === undefined && bad.isCutShort && !isLengthFlipped(bad);
  const isTorn = endsEarly || hasUnwrittenSector(bad, following ?? bad.endPosition);
  return { isTorn, lastOffset };
}

/** All bytes of the batch are there, and its length alone says otherwise. */
function isLengthFlipped(bad: BadBatch): boolean {
  const batch = new Uint8Array(bad.endPosition - bad.position);
  if (batch.length < batchHeaderBytes) return false;
  bad.handle.read(batch, bad.position);
  new DataView(batch.buffer).setInt32(8, batch.length - batchOverheadBytes);
  return isCrcValid(batch, 0);
}

/** Position of the first valid batch behind that continues the offsets, wherever it begins. */
export function findFollowingBatch(bad: BadBatch): number | undefined {
  const { handle, endPosition } = bad;
  for (let start = bad.position + 1; start < endPosition; start += windowBytes) {
    const window = new Uint8Array(Math.min(windowBytes + batchHeaderBytes, endPosition - start));
    handle.read(window, start);
    const last = window.length - batchHeaderBytes;
    for (let at = 0; at <= last; at++) {
      if (window[at + 16] !== batchMagic || readMagic(window, at) !== batchMagic) continue;
      if (isValidBatch(bad, window, at, start + at)) return start + at;
    }
  }
  return undefined;
}

function isValidBatch(bad: BadBatch, window: Uint8Array, at: number, position: number): boolean {
  const sizeBytes = readBatchSizeBytes(window, at);
  if (sizeBytes < batchHeaderBytes || position + sizeBytes > bad.endPosition) return false;
  const baseOffset = readBaseOffset(window, at);
  if (baseOffset <= bad.expectedOffset || baseOffset > bad.expectedOffset + offsetDeltaMax)
    return false;
  const batch = new Uint8Array(sizeBytes);
  return bad.handle.read(batch, position) === sizeBytes && isCrcValid(batch, 0);
}

function lastValidOffset(bad: BadBatch, start: number): Offset {
  let lastOffset = -1;
  let position = start;
  const header = new Uint8Array(batchHeaderBytes);
  while (position + batchHeaderBytes <= bad.endPosition) {
    bad.handle.read(header, position);
    if (!isValidBatch(bad, header, 0, position)) break;
    lastOffset = readLastOffset(header, 0);
    position += readBatchSizeBytes(header, 0);
  }
  return lastOffset;
}

/**
 * A run of zeros up to a sector's end: a write that never, or not wholly, reached the disk. The sector in which a
 * good batch begins did reach it, unless the batch has nothing but the zeros of its offset there.
 */
function hasUnwrittenSector(bad: BadBatch, end: number): boolean {
  const sector = new Uint8Array(sectorBytes);
  let position = bad.position;
  while (position < end) {
    const boundary = (Math.floor(position / sectorBytes) + 1) * sectorBytes;
    if (boundary > end && end < bad.endPosition && !isZero(bad.handle, end, boundary)) return false;
    const part = sector.subarray(0, Math.min(boundary, bad.endPosition) - position);
    bad.handle.read(part, position);
    const zeros = part.length - 1 - part.findLastIndex((byte) => byte !== 0);
    if (zeros >= unwrittenBytesMin) return true;
    const isHead = position === bad.position && zeros === part.length;
    if (isHead && !isZeroHead(bad.expectedOffset, part.length)) return true;
    position += part.length;
  }
  return false;
}

function isZero(handle: FileHandle, start: number, end: number): boolean {
  const bytes = new Uint8Array(end - start);
  handle.read(bytes, start);
  return bytes.every((byte) => byte === 0);
}

/**
 * Whether an offset begins with so many zeros. Where the sector ends inside of a batch's head, its zeros are few, but
 * we know what should be there. One flipped bit that leaves the same was mended before, as the batch is whole with it.
 */
function isZeroHead(offset: Offset, byteCount: number): boolean {
  const head = new Uint8Array(8);
  writeInt64(head, 0, offset);
  return head.subarray(0, byteCount).every((byte) => byte === 0);
}
