import type { Offset } from "@millrace/model";
import type { FileSystem, Platform } from "@millrace/platform";
import { readLastOffset } from "@millrace/protocol/records";
import { freePath } from "../segment/free-path.ts";
import {
  companionSuffixes,
  damagedSuffix,
  logSuffix,
  offsetFileName,
  offsetOfFileName,
  swapSuffix,
  transactionIndexSuffix,
} from "../segment/log-file-names.ts";
import { LogSegment } from "../segment/log-segment.ts";
import { readSegmentRecord } from "../segment/write-segment-record.ts";
import { damageIn } from "./judge-damage.ts";
import { restoreOriginals } from "./restore-originals.ts";

/**
 * Completes what a compaction had decided when it was interrupted: a `.log.swap` takes the place of the segments that it
 * was made from. One that is damaged while those are all there is set aside. True where it changed files; that is not
 * on the device yet.
 *
 * Its last step is the name of the `.log`, so that it can be interrupted, too.
 */
export function finishSwaps({ fileSystem, logger }: Platform, directory: string): boolean {
  const names = fileSystem.list(directory);
  const basesOf = (suffix: string) =>
    names
      .map((name) => offsetOfFileName(name, suffix))
      .filter((offset): offset is Offset => offset !== undefined);
  const swapped = new Set(basesOf(logSuffix + swapSuffix));
  for (const baseOffset of swapped) {
    const swap = openSwap(fileSystem, directory, baseOffset);
    if (!isSound(swap) && restoreOriginals(fileSystem, directory, baseOffset)) {
      const suffix = logSuffix + damagedSuffix;
      const path = freePath(fileSystem, directory, { offset: baseOffset, suffix });
      fileSystem.rename(swap.path, path);
      logger.log("error", "log.swap-damaged", { path });
      swapped.delete(baseOffset);
      continue;
    }
    const end = endOfSwap(swap);
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
  // Companions of what had not been decided, or was set aside.
  const rubbish = names.filter(
    (name) =>
      name.endsWith(swapSuffix) &&
      ![...swapped].some((baseOffset) => name.startsWith(offsetFileName(baseOffset, "."))),
  );
  for (const name of rubbish) fileSystem.remove(`${directory}/${name}`);
  return swapped.size + rubbish.length > 0;
}

function openSwap(fileSystem: FileSystem, directory: string, baseOffset: Offset): LogSegment {
  const segment = new LogSegment(fileSystem, directory, baseOffset, 0).renamed(swapSuffix);
  // Companions have their names before the `.log` has its own.
  if (fileSystem.stat(segment.recordPath) === undefined)
    segment.recordPath = segment.recordPath.slice(0, -swapSuffix.length);
  const record = readSegmentRecord(fileSystem, segment);
  if (record?.sizeBytes === segment.sizeBytes) segment.record = record;
  return segment;
}

/** Whether all of it is what its record says. */
function isSound(swap: LogSegment): boolean {
  if (swap.record === undefined) return false;
  swap.restore(swap.record);
  const damage = damageIn(() => swap.checkWhole());
  swap.closeHandle();
  return damage === undefined;
}

/** What it covers: its record says so, or else its last batch. */
function endOfSwap(swap: LogSegment): { readonly offset: Offset; readonly hasNoAborted: boolean } {
  const { record } = swap;
  if (record !== undefined)
    return { offset: record.endOffset, hasNoAborted: record.indexes[2]?.sizeBytes === 0 };
  const cursor = swap.walk(0);
  let offset = swap.baseOffset;
  while (cursor.next()) offset = readLastOffset(cursor.bytes, cursor.at) + 1;
  swap.closeHandle();
  return { offset, hasNoAborted: false };
}
