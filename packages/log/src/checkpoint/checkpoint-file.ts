import { BaseError, decodeUtf8, encodeUtf8 } from "@millrace/model";
import type { FileSystem } from "@millrace/platform";

/** A checkpoint that was written whole and yet does not parse: the disk or somebody else changed it. */
export class CheckpointError extends BaseError<"CHECKPOINT_MALFORMED"> {
  readonly path: string;

  constructor(path: string, reason: string) {
    super(
      "CHECKPOINT_MALFORMED",
      `${path} is not as it was written (${reason}). It is replaced as a whole and cannot be half written: restore ` +
        "it from a copy; `millrace log check DIR` tells what else is damaged.",
    );
    this.path = path;
  }
}

/** The directory that holds a path. */
export function parentOf(path: string): string {
  const end = path.lastIndexOf("/");
  if (end < 0) return ".";
  return end === 0 ? "/" : path.slice(0, end);
}

/** Reads a file whole; undefined where it is missing. */
export function readWholeFile(fileSystem: FileSystem, path: string): Uint8Array | undefined {
  if (fileSystem.stat(path) === undefined) return undefined;
  const handle = fileSystem.open(path, "read");
  try {
    const bytes = new Uint8Array(handle.sizeBytes());
    return bytes.subarray(0, handle.read(bytes, 0));
  } finally {
    handle.close();
  }
}

/** Replaces a file so that a crash leaves the old or the new one: temporary file, sync, rename, directory sync. */
export async function replaceFile(
  fileSystem: FileSystem,
  path: string,
  content: Uint8Array,
): Promise<void> {
  const temporary = `${path}.tmp`;
  const handle = fileSystem.open(temporary, "openOrCreate");
  try {
    handle.truncate(0);
    handle.write([content], 0);
    await handle.datasync();
  } finally {
    handle.close();
  }
  fileSystem.rename(temporary, path);
  await fileSystem.syncDirectory(parentOf(path));
}

/**
 * Kafka's text checkpoint: a line with the version (0), one with the number of entries, one for each entry
 * (`CheckpointFile`).
 */
export function encodeCheckpoint(lines: readonly string[]): Uint8Array {
  return encodeUtf8(["0", String(lines.length), ...lines, ""].join("\n"));
}

/** The entries' words; none where the file is missing or empty. */
export function readCheckpoint(
  fileSystem: FileSystem,
  path: string,
  wordsPerLine: number,
): readonly (readonly string[])[] {
  const bytes = readWholeFile(fileSystem, path);
  if (bytes === undefined || bytes.length === 0) return [];
  const lines = decodeUtf8(bytes).split("\n");
  if (lines[0] !== "0") throw new CheckpointError(path, `unknown version "${lines[0]}"`);
  const entries = lines.slice(2).filter((line) => line !== "");
  if (lines[1] !== String(entries.length))
    throw new CheckpointError(path, `${lines[1]} entries announced, ${entries.length} there`);
  return entries.map((line) => {
    const words = line.split(/\s+/);
    if (words.length !== wordsPerLine) throw new CheckpointError(path, `cannot read "${line}"`);
    return words;
  });
}
