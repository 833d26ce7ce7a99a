import type { FileHandle } from "@millrace/platform";
import { reach } from "../probe.ts";
import { swapSuffix } from "../segment/log-file-names.ts";
import type { LogSegment } from "../segment/log-segment.ts";
import { segmentRecordOf, writeSegmentRecord } from "../segment/write-segment-record.ts";
import type { LogState } from "./log-state.ts";
import { retireSegment } from "./retire-segment.ts";

/** Brings all files of what was cleaned to the device. @throws FileSystemError, LogStorageError */
export async function saveCleaned(state: LogState, cleaned: LogSegment): Promise<void> {
  const { epochs, leaderEpoch, snapshots, fileSystem } = state;
  const handles: FileHandle[] = [];
  try {
    for (const handle of cleaned.flushIndexes()) handles.push(handle);
    const from = { epochs, leaderEpoch, snapshots, isClosed: true };
    handles.push(writeSegmentRecord(fileSystem, cleaned, segmentRecordOf(cleaned, from)));
    await onDevice(state, () =>
      Promise.all([cleaned.sync(), ...handles.map((handle) => handle.datasync())]),
    );
  } finally {
    for (const handle of handles) handle.close();
  }
}

/**
 * Puts what was cleaned in the place of what it was made from (Kafka: `UnifiedLog.replaceSegments`).
 *
 *     a.log b.log   a.*.cleaned                     a crash leaves rubbish
 *     a.log b.log   a.log.cleaned  a.index.swap …   the same
 *     a.log b.log   a.log.swap     a.index.swap …   from here on a start completes it (`finishSwaps`)
 *     a.*.deleted b.*.deleted      a.log.swap  …
 *     a.log         a.index …                       done
 *
 * False: what it was made from is not there any more.
 *
 * @throws LogStorageError, FileSystemError
 */
export function swapSegments(
  state: LogState,
  originals: readonly LogSegment[],
  cleaned: LogSegment,
): Promise<boolean> {
  const { segments, fileSystem, path, platform } = state;
  const syncNames = () => onDevice(state, () => fileSystem.syncDirectory(path));
  return state.exclusively(async () => {
    if (state.isClosed || !originals.every((each) => segments.all.includes(each))) return false;
    reach(platform, "C8");
    cleaned.renameCompanions(swapSuffix);
    await syncNames();
    cleaned.renameLog(swapSuffix);
    await syncNames();
    reach(platform, "C9");
    takePlace(state, originals, cleaned);
    await syncNames();
    reach(platform, "C10");
    return true;
  });
}

/** It is decided: readers see what was cleaned alone, and so does a restart. */
function takePlace(state: LogState, originals: readonly LogSegment[], cleaned: LogSegment): void {
  const { segments, cache, snapshots, dirty } = state;
  segments.replace(originals, cleaned);
  cache.dropBelow(cleaned.endOffset);
  try {
    for (const original of originals) retireSegment(state, original);
    cleaned.renameCompanions("");
    cleaned.renameLog("");
    // Readers open it anew, and close it as any other.
    cleaned.closeHandle();
    const needed = new Set(segments.all.map(({ baseOffset }) => baseOffset));
    const newest = snapshots.list().at(-1);
    snapshots.removeUnless(
      (offset) => offset === newest || needed.has(offset),
      (file) => dirty.removeFile(file),
    );
  } catch (error) {
    throw state.fail(`${state.path}: compacted files cannot take their place`, error);
  }
}

/** A sync that failed is not tried again. */
async function onDevice(state: LogState, sync: () => Promise<unknown>): Promise<void> {
  try {
    await sync();
  } catch (error) {
    throw state.fail(`${state.path}: a sync failed`, error);
  }
}
