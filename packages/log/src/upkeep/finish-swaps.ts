import type { Offset } from "@millrace/model";
import type { FileSystem } from "@millrace/platform";
import { readLastOffset } from "@millrace/protocol/records";
import {
  companionSuffixes,
  logSuffix,
  offsetFileName,
  offsetOfFileName,
  swapSuffix,
  transactionIndexSuffix,
} from "../segment/log-file-names.ts";
import { LogSegment } from "../segment/log-segment.ts";
import { readSegmentRecord } from "../segment/write-segment-record.ts";

/**
 * Completes what a compaction had decided when it was interrupted: a `.log.swap` takes the place of the segments that it
 * was made from. True where it changed files; that is not on the device yet.
 *
 * Its last step is the name of the `.log`, so that it can be interrupted, too.
 */
export function finishSwaps(fileSystem: FileSystem, directory: string): boolean {
  const names = fileSystem.list(directory);
  const basesOf = (suffix: string) =>
    names
      .map((name) => offsetOfFileName(name, suffix))
      .filter((offset): offset is Offset => offset !== undefined);
  const swapped = basesOf(logSuffix + swapSuffix);
  for (const baseOffset of swapped) {
    const end = endOfSwap(fileSystem, directory, baseOffset);
    for (const covered of basesOf(logSuffix))
      if (covered > baseOffset && covered < end.offset)
        for (const suffix of [...companionSuffixes, logSuffix])
          fileSystem.remove(`${directory}/${offsetFileName(covered, suffix)}`);
    const file = (suffix: string) => `${directory}/${offsetFileName(baseOffset, suffix)}`;
    for (const suffix of companionSuffixes) {
      if (fileSystem.stat(file(suffix) + swapSuffix) !== undefined)
        fileSystem.rename(file(suffix) + swapSuffix, file(suffix));
      // The file is of what was there before.
      else if (suffix === transactionIndexSuffix && end.hasNoAborted)
        fileSystem.remove(file(suffix));
    }
    fileSystem.rename(file(logSuffix) + swapSuffix, file(logSuffix));
  }
  // Companions of what had not been decided.
  const rubbish = names.filter(
    (name) =>
      name.endsWith(swapSuffix) &&
      !swapped.some((baseOffset) => name.startsWith(offsetFileName(baseOffset, "."))),
  );
  for (const name of rubbish) fileSystem.remove(`${directory}/${name}`);
  return swapped.length + rubbish.length > 0;
}

/** What it covers: its record says so, or else its last batch. */
function endOfSwap(
  fileSystem: FileSystem,
  directory: string,
  baseOffset: Offset,
): { readonly offset: Offset; readonly hasNoAborted: boolean } {
  const segment = new LogSegment(fileSystem, directory, baseOffset, 0).renamed(swapSuffix);
  // Companions have their names before the `.log` has its own.
  if (fileSystem.stat(segment.recordPath) === undefined)
    segment.recordPath = segment.recordPath.slice(0, -swapSuffix.length);
  const record = readSegmentRecord(fileSystem, segment);
  if (record?.sizeBytes === segment.sizeBytes)
    return { offset: record.endOffset, hasNoAborted: record.indexes[2]?.sizeBytes === 0 };
  const cursor = segment.walk(0);
  let offset = baseOffset;
  while (cursor.next()) offset = readLastOffset(cursor.bytes, cursor.at) + 1;
  segment.closeHandle();
  return { offset, hasNoAborted: false };
}
