import type { Offset } from "@millrace/model";
import type { FileHandle } from "@millrace/platform";
import { isCrcValid } from "@millrace/protocol/records";
import { writeInt64 } from "@millrace/protocol/wire";
import type { FileBatchCursor } from "../segment/file-batch-cursor.ts";
import { sectorBytes } from "./sector.ts";

const offsetBytes = 8;
/** All but the last byte of its length: a batch that lost that too has no size to go by. */
const headBytesMax = 11;

/**
 * Writes a batch's offset once more, where nothing else of it is lost: all is zero up to the end of the sector in which
 * it begins, and with the offset that it should have it is whole. A write that never reached the disk leaves that,
 * and so does one flipped bit of an offset that has no other. With the offset back it does not matter which it was.
 */
export function mendHead(handle: FileHandle, cursor: FileBatchCursor, offset: Offset): boolean {
  const { bytes, at, position } = cursor;
  const headBytes = sectorBytes - (position % sectorBytes);
  if (headBytes > headBytesMax) return false;
  if (bytes.subarray(at, at + headBytes).some((byte) => byte !== 0)) return false;
  const found = bytes.slice(at, at + offsetBytes);
  writeInt64(bytes, at, offset);
  const isKept = found.every((byte, index) => index < headBytes || byte === bytes[at + index]);
  if (!isKept || !isCrcValid(bytes, at)) {
    bytes.set(found, at);
    return false;
  }
  handle.write([bytes.subarray(at, at + offsetBytes)], position);
  return true;
}
