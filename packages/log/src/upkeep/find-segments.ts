import type { Offset } from "@millrace/model";
import type { FileSystem } from "@millrace/platform";
import {
  companionSuffixes,
  leftoverSuffixes,
  logSuffix,
  offsetOfFileName,
} from "../segment/log-file-names.ts";
import { LogSegment } from "../segment/log-segment.ts";
import { readSegmentRecord } from "../segment/write-segment-record.ts";

/** What lies in a partition's directory. */
export interface FoundSegments {
  /** In the order of their offsets, each with its record and an end where the next one begins. */
  readonly segments: LogSegment[];
  /** What an interrupted upkeep left, and what has lost its `.log`. */
  readonly rubbish: readonly string[];
}

export function findSegments(
  fileSystem: FileSystem,
  directory: string,
  nowMs: number,
): FoundSegments {
  const names = fileSystem.list(directory);
  const bases = new Set<Offset>();
  for (const name of names) {
    const baseOffset = offsetOfFileName(name, logSuffix);
    if (baseOffset !== undefined) bases.add(baseOffset);
  }
  const isRubbish = (name: string) =>
    leftoverSuffixes.some((suffix) => name.endsWith(suffix)) ||
    companionSuffixes.some((suffix) => {
      const baseOffset = offsetOfFileName(name, suffix);
      return baseOffset !== undefined && !bases.has(baseOffset);
    });
  const segments = [...bases]
    .sort((left, right) => left - right)
    .map((baseOffset) => new LogSegment(fileSystem, directory, baseOffset, nowMs));
  for (const [index, segment] of segments.entries()) {
    segment.record = readSegmentRecord(fileSystem, segment);
    segment.endOffset = segments[index + 1]?.baseOffset ?? segment.baseOffset;
  }
  return {
    segments,
    rubbish: names.filter(isRubbish).map((name) => `${directory}/${name}`),
  };
}
