import type { Offset } from "@millrace/model";
import type { FileSystem } from "@millrace/platform";
import type { CutTail } from "../log-types.ts";
import { freePath } from "../segment/free-path.ts";
import { offsetFileName, tornSuffix } from "../segment/log-file-names.ts";
import type { LogSegment } from "../segment/log-segment.ts";

/** Taken to memory at a time while a tail is set aside. */
const copyBytes = 4_194_304;

/** Where a tail begins that a crash has torn. */
export interface TornTail {
  readonly position: number;
  readonly firstOffset: Offset;
  readonly reason: string;
}

/**
 * Sets a torn tail aside and cuts it, with the segments behind it. Those go first: a crash in between leaves a gap that
 * is seen as torn again. A record that speaks
 * of what is cut goes before that is written anew.
 */
export async function cutTail(
  fileSystem: FileSystem,
  directory: string,
  cut: {
    readonly segment: LogSegment;
    readonly later: readonly LogSegment[];
    readonly tail: TornTail;
  },
): Promise<CutTail> {
  const { segment, later, tail } = cut;
  const { position, firstOffset } = tail;
  const tornPath = (offset: Offset) =>
    freePath(fileSystem, directory, { offset, suffix: tornSuffix });
  const sizeBytes = segment.sizeBytes - position;
  const setAsidePath = tornPath(firstOffset);
  const temporary = `${directory}/${offsetFileName(firstOffset, tornSuffix)}.tmp`;
  await copyTail(fileSystem, segment, { position, path: temporary });
  fileSystem.rename(temporary, setAsidePath);
  for (const other of later.toReversed()) {
    fileSystem.rename(other.path, tornPath(other.baseOffset));
    other.remove();
  }
  if ((segment.record?.sizeBytes ?? Number.POSITIVE_INFINITY) > position) {
    fileSystem.remove(segment.recordPath);
    segment.record = undefined;
  }
  await fileSystem.syncDirectory(directory);
  segment.truncate(position);
  return { path: segment.path, sizeBytes, setAsidePath, ...tail };
}

async function copyTail(
  fileSystem: FileSystem,
  segment: LogSegment,
  { position, path }: { readonly position: number; readonly path: string },
): Promise<void> {
  const copy = fileSystem.open(path, "openOrCreate");
  try {
    copy.truncate(0);
    for (let at = position; at < segment.sizeBytes; at += copyBytes) {
      const bytes = new Uint8Array(Math.min(copyBytes, segment.sizeBytes - at));
      segment.handle.read(bytes, at);
      copy.write([bytes], at - position);
    }
    await copy.datasync();
  } finally {
    copy.close();
  }
}
