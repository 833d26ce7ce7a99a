import type { Offset } from "@millrace/model";
import type { FileHandle } from "@millrace/platform";
import { crc32c } from "@millrace/protocol/wire";
import { readWholeFile } from "../checkpoint/checkpoint-file.ts";
import { partitionMetadataName, topicIdIn } from "../checkpoint/partition-metadata.ts";
import type { FileSum } from "../index/index-file.ts";
import { ProducerSnapshots } from "../producer/producer-snapshots.ts";
import {
  logSuffix,
  offsetFileName,
  offsetIndexSuffix,
  swapSuffix,
  timeIndexSuffix,
  transactionIndexSuffix,
} from "../segment/log-file-names.ts";
import type { LogSegment } from "../segment/log-segment.ts";
import type { SegmentRecord } from "../segment/segment-record.ts";
import { findSegments } from "../upkeep/find-segments.ts";
import { endAsStopped } from "../upkeep/recorded-end.ts";
import { behindTheEnd } from "../upkeep/scan-segment.ts";
import { durableOffsetOf } from "../upkeep/settle-records.ts";
import { findingOf, sizeOf, type LogCheckOptions, type LogFinding } from "./log-finding.ts";
import { checkMetadataSnapshots } from "./check-metadata-snapshots.ts";
import { nameOf } from "./log-place.ts";
import { walkSegment, type BadRange, type SegmentWalk } from "./walk-segment.ts";

/** What is known of a partition from outside of its folder; undefined: not known. */
export interface PartitionFacts {
  readonly recoveryPoint: Offset | undefined;
  readonly logStartOffset: Offset | undefined;
  /** A broker of ours stopped in order, and none has started since. */
  readonly isStopped: boolean;
}

/** One segment, and what is in it. */
export interface CheckedSegment {
  readonly segment: LogSegment;
  readonly walk: SegmentWalk;
}

export interface CheckedPartition {
  readonly path: string;
  readonly segments: readonly CheckedSegment[];
  readonly findings: readonly LogFinding[];
  /** Offsets below were given out once. */
  readonly endOffset: Offset;
}

const pendingSwap =
  "a compaction was interrupted once it was decided: the next start completes it, and until then this partition is not looked at";
const indexSuffixes = [offsetIndexSuffix, timeIndexSuffix, transactionIndexSuffix];

/** Reads all of a partition's files and changes none. */
export async function checkPartition(
  options: LogCheckOptions,
  facts: PartitionFacts,
): Promise<CheckedPartition> {
  const { platform, path, signal } = options;
  const { fileSystem } = platform;
  const pending = fileSystem.list(path).filter((name) => name.endsWith(logSuffix + swapSuffix));
  if (pending.length > 0)
    return {
      path,
      segments: [],
      findings: pending.map((name) => findingOf("cache", `${path}/${name}`, pendingSwap)),
      endOffset: facts.recoveryPoint ?? 0,
    };
  const { segments } = findSegments(fileSystem, path, platform.clock.wallMs());
  if (facts.isStopped) for (const segment of segments) endAsStopped(segment);
  const recoveryPoint = durableOffsetOf(segments, facts.recoveryPoint ?? 0);
  const totalBytes = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  const findings: LogFinding[] = [
    ...checkIdentity(options),
    ...checkSnapshots(options, segments),
    ...checkMetadataSnapshots(options),
  ];
  const checked: CheckedSegment[] = [];
  let expected = facts.logStartOffset ?? segments.at(0)?.baseOffset ?? 0;
  let doneBytes = 0;
  for (const [index, segment] of segments.entries()) {
    signal?.throwIfAborted();
    if (segment.baseOffset > expected) findings.push(gapFinding(path, expected, segment));
    const nextOffset = segments[index + 1]?.baseOffset;
    const found = withFile(fileSystem.open(segment.path, "read"), (handle) =>
      walkSegment(handle, { ...segmentFacts(segments, index), recoveryPoint }),
    );
    const walk = { ...found, bad: [...found.bad, ...behindEnd(segment, found)] };
    checked.push({ segment, walk });
    for (const bad of walk.bad)
      findings.push({
        kind: bad.isTorn ? "tail" : "damage",
        path: segment.path,
        position: bad.start,
        firstOffset: bad.firstOffset,
        lastOffset: bad.lastOffset,
        reason: bad.reason,
      });
    findings.push(...checkCaches(options, segment, nextOffset !== undefined));
    expected = endOf(segment, walk);
    doneBytes += segment.sizeBytes;
    options.onProgress?.({ path, doneBytes, totalBytes });
    await platform.timers.yield();
  }
  const isTold = findings.some(
    ({ kind, lastOffset }) => kind === "damage" && lastOffset >= recoveryPoint - 1,
  );
  if (recoveryPoint > expected && !isTold)
    findings.push(tailFinding(path, expected, recoveryPoint, segments.at(-1)));
  return { path, segments: checked, findings, endOffset: Math.max(expected, recoveryPoint) };
}

function segmentFacts(segments: readonly LogSegment[], index: number) {
  const { baseOffset, record } = segments[index];
  const last = record ?? (index > 0 ? segments[index - 1].record : undefined);
  const leaderEpochMax = last?.leaderEpoch ?? Number.POSITIVE_INFINITY;
  const nextOffset = segments[index + 1]?.baseOffset;
  const sizeBytes = Math.min(segments[index].sizeBytes, endBytesOf(record));
  return { sizeBytes, baseOffset, record, leaderEpochMax, nextOffset };
}

function endBytesOf(record: SegmentRecord | undefined): number {
  return record?.isEnd === true ? record.sizeBytes : Number.POSITIVE_INFINITY;
}

/** What an orderly stop did not leave. */
function behindEnd({ record, sizeBytes }: LogSegment, { endOffset }: SegmentWalk): BadRange[] {
  const start = endBytesOf(record);
  if (sizeBytes <= start) return [];
  const offsets = { firstOffset: endOffset, lastOffset: endOffset - 1 };
  return [{ start, end: sizeBytes, ...offsets, reason: behindTheEnd, isTorn: false }];
}

/** Where the next segment should begin. */
function endOf({ record }: LogSegment, walk: SegmentWalk): Offset {
  const told = walk.bad.reduce((end, { lastOffset }) => Math.max(end, lastOffset + 1), 0);
  return Math.max(walk.endOffset, told, record?.isClosed === true ? record.endOffset : 0);
}

function gapFinding(directory: string, expected: Offset, segment: LogSegment): LogFinding {
  return {
    kind: "damage",
    path: `${directory}/${offsetFileName(expected, logSuffix)}`,
    position: 0,
    firstOffset: expected,
    lastOffset: segment.baseOffset - 1,
    reason: "the file is missing",
  };
}

function tailFinding(
  directory: string,
  end: Offset,
  known: Offset,
  last: LogSegment | undefined,
): LogFinding {
  return {
    kind: "damage",
    path: last?.path ?? directory,
    position: last?.sizeBytes ?? 0,
    firstOffset: end,
    lastOffset: known - 1,
    reason: "these records were durable and are not there",
  };
}

function checkIdentity({ platform, path }: LogCheckOptions): readonly LogFinding[] {
  const file = `${path}/${partitionMetadataName}`;
  const bytes = readWholeFile(platform.fileSystem, file);
  return bytes === undefined || topicIdIn(bytes, nameOf(path)?.partition) !== undefined
    ? []
    : [
        findingOf(
          "damage",
          file,
          "it does not say which topic the folder belongs to, or is of another partition",
        ),
      ];
}

function checkSnapshots(
  { platform: { fileSystem }, path }: LogCheckOptions,
  segments: readonly LogSegment[],
): readonly LogFinding[] {
  const snapshots = new ProducerSnapshots(fileSystem, path);
  for (const { baseOffset, record } of segments)
    if (record !== undefined) snapshots.vouch(baseOffset, record);
  return snapshots
    .list()
    .filter((offset) => snapshots.read(offset) === undefined)
    .map((offset) => findingOf("cache", snapshots.pathOf(offset), "it is not as it was written"));
}

/** The active segment of a broker that was killed has no record, and its indexes lag: that is as it should be. */
function checkCaches(
  { platform: { fileSystem } }: LogCheckOptions,
  segment: LogSegment,
  isClosed: boolean,
): readonly LogFinding[] {
  const { record } = segment;
  if (record === undefined) {
    const isExpected = isClosed || sizeOf(fileSystem, segment.recordPath) > 0;
    return isExpected
      ? [findingOf("cache", segment.recordPath, "it is missing or not as it was written")]
      : [];
  }
  return indexSuffixes.flatMap((suffix, slot) => {
    const path = segment.path.replace(/\.log$/, suffix);
    const sum = record.indexes[slot];
    return sum === undefined || isPrefix(readWholeFile(fileSystem, path), sum)
      ? []
      : [findingOf("cache", path, "it is not what was recorded")];
  });
}

function isPrefix(bytes: Uint8Array | undefined, { sizeBytes, checksum }: FileSum): boolean {
  if (bytes === undefined) return sizeBytes === 0;
  return bytes.length >= sizeBytes && crc32c(bytes, 0, sizeBytes) === checksum;
}

export function withFile<Result>(handle: FileHandle, use: (handle: FileHandle) => Result): Result {
  try {
    return use(handle);
  } finally {
    handle.close();
  }
}
