import type { Offset } from "@millrace/model";
import type { FileHandle, FileSystem } from "@millrace/platform";
import {
  readBaseOffset,
  readLastOffset,
  readMaxTimestamp,
  readPartitionLeaderEpoch,
} from "@millrace/protocol/records";
import { ProducerSnapshots } from "../producer/producer-snapshots.ts";
import {
  checksumSuffix,
  logSuffix,
  offsetFileName,
  offsetIndexSuffix,
  timeIndexSuffix,
  transactionIndexSuffix,
} from "../segment/log-file-names.ts";
import { FileBatchCursor } from "../segment/file-batch-cursor.ts";
import { LeaderEpochs } from "../segment/leader-epochs.ts";
import { LogSegment } from "../segment/log-segment.ts";
import { segmentRecordOf, writeSegmentRecord } from "../segment/write-segment-record.ts";
import { withFile, type CheckedPartition, type CheckedSegment } from "./check-partition.ts";
import { fillerBatches } from "./filler-batch.ts";
import { copyRange, type KeptFolder } from "./kept-folder.ts";
import type { GoodRun } from "./walk-segment.ts";

/** A segment as it is to be: sound ranges of one that is there, if any, up to where the next one begins. */
interface Draft {
  readonly baseOffset: Offset;
  readonly source: CheckedSegment | undefined;
  readonly endOffset: Offset;
  readonly isClosed: boolean;
}

/** Any: a start makes the indexes anew. */
const indexIntervalBytes = 4096;
const companions = [offsetIndexSuffix, timeIndexSuffix, transactionIndexSuffix, checksumSuffix];

/**
 * Leaves damaged batches out, with batches without records in their place, so that offsets have no gaps and none is
 * given out again. Files that are changed are kept whole before. Gives what was done.
 */
export async function repairPartition(
  fileSystem: FileSystem,
  checked: CheckedPartition,
  options: { readonly kept: KeptFolder; readonly logStartOffset: Offset | undefined },
): Promise<readonly string[]> {
  const { path } = checked;
  const done: string[] = [];
  const leaderEpochMax = checked.segments.reduce(
    (epoch, { segment }) => Math.max(epoch, segment.record?.leaderEpoch ?? 0),
    epochBefore(fileSystem, checked, Number.POSITIVE_INFINITY),
  );
  for (const draft of draftSegments(checked, options.logStartOffset)) {
    const name = `${path}/${offsetFileName(draft.baseOffset, logSuffix)}`;
    const temporary = `${name}.tmp`;
    const leaderEpoch = epochBefore(fileSystem, checked, draft.baseOffset);
    await writeDraft(fileSystem, { draft, path: temporary, leaderEpoch });
    if (draft.source !== undefined)
      done.push(`${name} is kept as ${await options.kept.copy(name)}`);
    for (const suffix of companions)
      await options.kept.move(`${path}/${offsetFileName(draft.baseOffset, suffix)}`);
    fileSystem.rename(temporary, name);
    await vouchFor(fileSystem, path, { draft, leaderEpochMax });
    await fileSystem.syncDirectory(path);
    done.push(`${name} was written anew, up to offset ${draft.endOffset}`);
  }
  return done;
}

/** Those that have to be written; the others stay as they are. */
function draftSegments(
  { segments, endOffset }: CheckedPartition,
  logStartOffset: Offset | undefined,
): readonly Draft[] {
  const drafts: Draft[] = [];
  const first = segments.at(0)?.segment.baseOffset ?? endOffset;
  if (logStartOffset !== undefined && logStartOffset < first)
    drafts.push({
      baseOffset: logStartOffset,
      source: undefined,
      endOffset: first,
      isClosed: segments.length > 0,
    });
  for (const [index, source] of segments.entries()) {
    const { segment, walk } = source;
    const isClosed = index < segments.length - 1;
    const end = isClosed ? segments[index + 1].segment.baseOffset : endOffset;
    const { record } = segment;
    // Of a compacted segment the last offsets may be missing by right: then its record says so.
    const isWhole =
      walk.endOffset === end || (record?.isClosed === true && record.endOffset === end);
    if (walk.bad.length > 0 || !isWhole)
      drafts.push({ baseOffset: segment.baseOffset, source, endOffset: end, isClosed });
  }
  return drafts;
}

function epochBefore(fileSystem: FileSystem, checked: CheckedPartition, offset: Offset): number {
  const before = checked.segments.findLast(
    ({ segment, walk }) => segment.baseOffset < offset && walk.good.length > 0,
  );
  const run = before?.walk.good.at(-1);
  if (before === undefined || run === undefined) return 0;
  return withFile(
    fileSystem.open(before.segment.path, "read"),
    (handle) => epochsOf(handle, run).last,
  );
}

/** Says that the file is as it should be, so that what is made anew from it has something to go by. */
async function vouchFor(
  fileSystem: FileSystem,
  directory: string,
  { draft, leaderEpochMax }: { readonly draft: Draft; readonly leaderEpochMax: number },
): Promise<void> {
  const segment = new LogSegment(fileSystem, directory, draft.baseOffset, 0);
  const epochs = new LeaderEpochs();
  const cursor = segment.walk(0);
  while (cursor.next()) {
    const { bytes, at, position, sizeBytes } = cursor;
    const lastOffset = readLastOffset(bytes, at);
    const maxTimestamp = readMaxTimestamp(bytes, at);
    epochs.assign(readPartitionLeaderEpoch(bytes, at), readBaseOffset(bytes, at));
    segment.chain.add(bytes, at, sizeBytes, lastOffset + 1);
    segment.index({ lastOffset, maxTimestamp, sizeBytes }, position, indexIntervalBytes);
  }
  segment.closeHandle();
  const leaderEpoch = Math.max(leaderEpochMax, epochs.entries.at(-1)?.epoch ?? 0);
  const { isClosed } = draft;
  const snapshots = new ProducerSnapshots(fileSystem, directory);
  const from = { epochs, leaderEpoch, snapshots, isClosed };
  const handle = writeSegmentRecord(fileSystem, segment, segmentRecordOf(segment, from));
  await handle.datasync().finally(() => handle.close());
}

/** A batch without records has the one of the batch behind it, so that epochs rise. */
async function writeDraft(
  fileSystem: FileSystem,
  given: { readonly draft: Draft; readonly path: string; readonly leaderEpoch: number },
): Promise<void> {
  const { baseOffset, source, endOffset } = given.draft;
  let { leaderEpoch } = given;
  let at = 0;
  let offset = baseOffset;
  const target = fileSystem.open(given.path, "openOrCreate");
  const fill = (to: Offset) => {
    for (const batch of fillerBatches(offset, to, leaderEpoch)) {
      target.write([batch], at);
      at += batch.length;
    }
  };
  try {
    target.truncate(0);
    if (source !== undefined)
      withFile(fileSystem.open(source.segment.path, "read"), (handle) => {
        for (const run of source.walk.good) {
          const epochs = epochsOf(handle, run);
          leaderEpoch = epochs.first;
          fill(run.firstOffset);
          copyRange(handle, target, { start: run.start, end: run.end, at });
          at += run.end - run.start;
          offset = run.endOffset;
          leaderEpoch = epochs.last;
        }
      });
    fill(endOffset);
    await target.datasync();
  } finally {
    target.close();
  }
}

function epochsOf(handle: FileHandle, { start, end }: GoodRun) {
  const cursor = new FileBatchCursor(handle, { start, end });
  let first: number | undefined;
  let last = 0;
  while (cursor.next()) {
    last = readPartitionLeaderEpoch(cursor.bytes, cursor.at);
    first ??= last;
  }
  return { first: first ?? last, last };
}
