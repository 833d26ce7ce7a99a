import type { FileSystem, Logger } from "@millrace/platform";

/*
 * The format of a write-ahead log (sqlite.org/walformat.html): a header, then frames of a header and a page. Those of one
 * generation have the header's two salts. Behind them may lie frames of the generation before.
 */
const headerBytes = 32;
const frameHeaderBytes = 24;
const saltsAt = 16;
const littleEndianMagic = 0x377f0682;

/** What SQLite leaves out of a log: writes that were whole once, behind a frame that is not as it was written. */
export interface DroppedWrites {
  readonly count: number;
  readonly bytes: number;
}

/**
 * Tells what SQLite is about to leave out of the log that a process has left which did not close its database. It goes
 * back to the last sound write without a word; the rows are restored from the changelog, since the offsets that go with
 * them are gone with them.
 */
export function tellDroppedWrites(
  { fileSystem, logger }: { readonly fileSystem: FileSystem; readonly logger: Logger },
  { directory, path }: { readonly directory: string; readonly path: string },
): void {
  if ((fileSystem.stat(path)?.sizeBytes ?? 0) <= headerBytes) return;
  const handle = fileSystem.open(path, "read");
  try {
    const bytes = new Uint8Array(handle.sizeBytes());
    const log = bytes.subarray(0, handle.read(bytes, 0));
    const dropped = droppedWrites(log);
    if (dropped.count > 0) logger.log("error", "sqlite.writes-dropped", { directory, ...dropped });
  } finally {
    handle.close();
  }
}

export function droppedWrites(log: Uint8Array): DroppedWrites {
  const view = new DataView(log.buffer, log.byteOffset, log.length);
  // Sums are of words as the machine has them that wrote it; all that Node runs on are alike but for one.
  if (view.getUint32(0) !== littleEndianMagic) return { count: 0, bytes: 0 };
  const frameBytes = frameHeaderBytes + view.getUint32(8);
  const sums = new Checksum(log);
  sums.add(0, 24);
  let isSound = sums.isAt(view, 24);
  let count = 0;
  let bytes = 0;
  let passed = 0;
  let passedBytes = 0;
  for (let at = headerBytes; at + frameBytes <= log.length; at += frameBytes) {
    const isOwn =
      view.getUint32(at + 8) === view.getUint32(saltsAt) &&
      view.getUint32(at + 12) === view.getUint32(saltsAt + 4);
    if (isSound && isOwn) {
      sums.add(at, 8);
      sums.add(at + frameHeaderBytes, frameBytes - frameHeaderBytes);
      isSound = sums.isAt(view, at + 16);
    } else isSound = false;
    if (isSound) continue;
    passedBytes += frameBytes;
    // The last frame of a write has the size of the database.
    if (view.getUint32(at + 4) > 0) passed++;
    // One whose salts are damaged lies before others.
    if (isOwn) [count, bytes] = [passed, passedBytes];
  }
  return { count, bytes };
}

/** Two sums over words of 32 bits, which go on from frame to frame. */
class Checksum {
  readonly #words: Int32Array;
  #first = 0;
  #second = 0;

  constructor(log: Uint8Array) {
    this.#words = new Int32Array(log.buffer, log.byteOffset, log.length >> 2);
  }

  add(from: number, length: number): void {
    const words = this.#words;
    let first = this.#first;
    let second = this.#second;
    for (let at = from >> 2; at < (from + length) >> 2; at += 2) {
      first = (first + words[at] + second) | 0;
      second = (second + words[at + 1] + first) | 0;
    }
    this.#first = first;
    this.#second = second;
  }

  isAt(view: DataView, at: number): boolean {
    return view.getInt32(at) === this.#first && view.getInt32(at + 4) === this.#second;
  }
}
