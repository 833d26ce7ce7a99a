import { equalBytes } from "@millrace/model";
import type { FileHandle, FileSystem, Logger } from "@millrace/platform";

/*
 * The format of a write-ahead log (sqlite.org/walformat.html): a header, then frames of a header and a page. Those of one
 * generation have the header's two salts. Behind them may lie frames of the generation before. Where the header is damaged,
 * SQLite leaves out the whole log.
 */
const headerBytes = 32;
const frameHeaderBytes = 24;
/** Of a log whose sums are of words in little endian; in big endian it is one more. */
const littleEndianMagic = 0x377f0682;
const pageBytesMin = 512;
const pageBytesMax = 65_536;
/** What SQLite takes where nothing else is said. */
const usualPageBytes = 4096;

interface Owner {
  readonly fileSystem: FileSystem;
  readonly logger: Logger;
}

interface LogPlace {
  readonly directory: string;
  readonly path: string;
}

/** What SQLite leaves out of a log: writes that were whole once, behind a frame that is not as it was written. */
interface DroppedWrites {
  readonly count: number;
  readonly bytes: number;
}

/**
 * Tells what SQLite is about to leave out of the log that a process has left which did not close its database. It goes
 * back to the last sound write without a word; the rows are restored from the changelog, since the offsets that go with
 * them are gone with them. Never throws: where the log cannot be read, this is logged.
 *
 * @returns whether there is such a thing: it stays in the log, behind what is written from now on, and would be told again
 */
export function tellDroppedWrites(owner: Owner, place: LogPlace): boolean {
  try {
    return tell(owner, place);
  } catch (cause) {
    const { directory } = place;
    owner.logger.log("warn", "sqlite.log-unread", { directory, cause });
    return false;
  }
}

function tell({ fileSystem, logger }: Owner, { directory, path }: LogPlace): boolean {
  if ((fileSystem.stat(path)?.sizeBytes ?? 0) <= headerBytes) return false;
  const handle = fileSystem.open(path, "read");
  try {
    const header = new Header(handle);
    const { count, bytes } = droppedWrites(handle, header);
    const counted = count > 0 ? { count } : {};
    // Behind a sound header, frames without the end of a write are what a crash has left half written.
    const hasDropped = count > 0 || (!header.isSound && bytes > 0);
    if (hasDropped) logger.log("error", "sqlite.writes-dropped", { directory, bytes, ...counted });
    return hasDropped;
  } finally {
    handle.close();
  }
}

/** Reads a frame at a time: nothing bounds a log. */
function droppedWrites(handle: FileHandle, header: Header): DroppedWrites {
  const { frameBytes, sums } = header;
  const frame = new DataView(new ArrayBuffer(frameBytes));
  const target = new Uint8Array(frame.buffer);
  const frameSalts = target.subarray(8, 16);
  let { isSound, salts } = header;
  let count = 0;
  let bytes = 0;
  let passed = 0;
  let passedBytes = 0;
  for (let at = headerBytes; handle.read(target, at) === frameBytes; at += frameBytes) {
    salts ??= frameSalts.slice();
    const isOwn = equalBytes(frameSalts, salts);
    if (isSound && isOwn) {
      sums.add(frame, 0, 8);
      sums.add(frame, frameHeaderBytes, frameBytes);
      isSound = sums.isAt(frame, 16);
    } else isSound = false;
    if (isSound) continue;
    passedBytes += frameBytes;
    // The last frame of a write has the size of the database.
    if (frame.getUint32(4) > 0) passed++;
    // One whose salts are damaged lies before others.
    if (isOwn) [count, bytes] = [passed, passedBytes];
  }
  return { count, bytes };
}

class Header {
  readonly isSound: boolean;
  readonly frameBytes: number;
  /** Undefined: those of the first frame count. */
  readonly salts: Uint8Array | undefined;
  readonly sums: Checksum;

  constructor(handle: FileHandle) {
    const bytes = new Uint8Array(headerBytes);
    handle.read(bytes, 0);
    const view = new DataView(bytes.buffer);
    const magic = view.getUint32(0);
    const pageBytes = view.getUint32(8);
    const isPageSize =
      pageBytes >= pageBytesMin && pageBytes <= pageBytesMax && (pageBytes & (pageBytes - 1)) === 0;
    this.sums = new Checksum(magic === littleEndianMagic);
    this.sums.add(view, 0, 24);
    this.isSound =
      (magic === littleEndianMagic || magic === littleEndianMagic + 1) &&
      isPageSize &&
      this.sums.isAt(view, 24);
    this.frameBytes = frameHeaderBytes + (isPageSize ? pageBytes : usualPageBytes);
    this.salts = this.isSound ? bytes.subarray(16, 24) : undefined;
  }
}

/** Two sums over words of 32 bits, as the machine has them that wrote them, which go on from frame to frame. */
class Checksum {
  readonly #isLittleEndian: boolean;
  #first = 0;
  #second = 0;

  constructor(isLittleEndian: boolean) {
    this.#isLittleEndian = isLittleEndian;
  }

  add(view: DataView, from: number, to: number): void {
    const isLittleEndian = this.#isLittleEndian;
    let first = this.#first;
    let second = this.#second;
    for (let at = from; at < to; at += 8) {
      first = (first + view.getInt32(at, isLittleEndian) + second) | 0;
      second = (second + view.getInt32(at + 4, isLittleEndian) + first) | 0;
    }
    this.#first = first;
    this.#second = second;
  }

  isAt(view: DataView, at: number): boolean {
    return view.getInt32(at) === this.#first && view.getInt32(at + 4) === this.#second;
  }
}
