import type { Offset } from "@millrace/model";
import type { FileSystem } from "@millrace/platform";
import {
  checksumSuffix,
  companionSuffixes,
  deletedSuffix,
  logSuffix,
  offsetFileName,
  offsetOfFileName,
} from "../segment/log-file-names.ts";
import { LogSegment } from "../segment/log-segment.ts";
import { readSegmentRecord } from "../segment/write-segment-record.ts";

/** A segment that a swap was made from: in its place, or taken away already (`.log.deleted`). */
interface Original {
  readonly baseOffset: Offset;
  readonly isTaken: boolean;
  /** Undefined: it has no record, or one of another file. */
  readonly endOffset: Offset | undefined;
  /** Where the record stands. */
  readonly recordPath: string | undefined;
}

/**
 * Puts what a swap was made from into its place again, as far as it was taken away: that begins before the swap has its
 * name, and files that are taken away stay for a while. False, and nothing is changed: it is not all there, as far as can
 * be known. All from its first offset on follow each other, as their records say.
 */
export function restoreOriginals(
  fileSystem: FileSystem,
  directory: string,
  baseOffset: Offset,
): boolean {
  const names = fileSystem.list(directory);
  const lastOffset = Math.max(...names.map((name) => offsetOfFileName(name, logSuffix) ?? -1));
  const taken: Original[] = [];
  for (let offset = baseOffset; ;) {
    const original = findOriginal(fileSystem, directory, offset);
    if (original === undefined) return false;
    if (original.isTaken) taken.push(original);
    else if (offset === lastOffset) break;
    const { endOffset } = original;
    if (endOffset === undefined || endOffset <= offset) return false;
    offset = endOffset;
  }
  // From the last to the first, as the chain begins at that: what is interrupted is found again.
  for (const original of taken.toReversed()) restore(fileSystem, directory, original);
  return true;
}

function findOriginal(
  fileSystem: FileSystem,
  directory: string,
  baseOffset: Offset,
): Original | undefined {
  const segment = new LogSegment(fileSystem, directory, baseOffset, 0);
  const isTaken = fileSystem.stat(segment.path) === undefined;
  const size = fileSystem.stat(segment.path + (isTaken ? deletedSuffix : ""))?.sizeBytes;
  if (size === undefined) return undefined;
  const plainPath = segment.recordPath;
  for (const suffix of isTaken ? ["", deletedSuffix] : [""]) {
    segment.recordPath = plainPath + suffix;
    const record = readSegmentRecord(fileSystem, segment);
    // The one in its place may be the swap's already.
    if (record?.sizeBytes !== size) continue;
    const { endOffset } = record;
    return { baseOffset, isTaken, endOffset, recordPath: segment.recordPath };
  }
  return { baseOffset, isTaken, endOffset: undefined, recordPath: undefined };
}

/** The `.log` is the last one: until then it counts as taken. */
function restore(
  fileSystem: FileSystem,
  directory: string,
  { baseOffset, recordPath }: Original,
): void {
  const file = (suffix: string) => `${directory}/${offsetFileName(baseOffset, suffix)}`;
  for (const suffix of [...companionSuffixes, logSuffix]) {
    const path = file(suffix);
    if (suffix === checksumSuffix && recordPath === path) continue;
    // An index of the swap that stays is not the one that the record tells of, and is made anew.
    if (fileSystem.stat(path + deletedSuffix) !== undefined)
      fileSystem.rename(path + deletedSuffix, path);
  }
}
