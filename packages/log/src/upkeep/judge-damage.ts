import type { Offset } from "@millrace/model";
import { LogCorruptedError, type LogDamage } from "../log-error.ts";
import { logSuffix, offsetFileName } from "../segment/log-file-names.ts";
import type { LogSegment } from "../segment/log-segment.ts";
import { classifyBadBatch, type Verdict } from "./classify-damage.ts";
import type { TornTail } from "./cut-tail.ts";
import type { ScanEnd } from "./scan-segment.ts";

/** Where a log stops making sense, and what stored it. */
export interface FaultyLog {
  readonly segments: readonly LogSegment[];
  /** Below, all was durable once. */
  readonly recoveryPoint: Offset;
}

/** What a crash may have left is cut; anything else took away what somebody may rely on. */
export type Judgement = { readonly torn: TornTail } | { readonly damage: LogDamage };

export function judgeDamage(log: FaultyLog, index: number, end: ScanEnd): Judgement {
  const { position, offset: firstOffset, reason = "unknown" } = end;
  const verdict = verdictOn(log, index, end);
  if (verdict.isTorn) return { torn: { position, firstOffset, reason } };
  const lastLater = log.segments.slice(index + 1).findLast(({ sizeBytes }) => sizeBytes > 0);
  const lastOffset = Math.max(verdict.lastOffset, lastLater?.baseOffset ?? -1);
  return {
    damage: { path: log.segments[index].path, position, firstOffset, lastOffset, reason },
  };
}

function verdictOn({ segments, recoveryPoint }: FaultyLog, index: number, end: ScanEnd): Verdict {
  const segment = segments[index];
  if (end.isGap === true)
    return { isTorn: end.offset >= recoveryPoint, lastOffset: segment.endOffset - 1 };
  const verdict = classifyBadBatch({
    handle: segment.handle,
    position: end.position,
    endPosition: segment.sizeBytes,
    expectedOffset: end.offset,
    isCutShort: end.isCutShort,
    hasLaterSegments: segments.slice(index + 1).some(({ sizeBytes }) => sizeBytes > 0),
    recoveryPoint,
  });
  return end.isNoTear === true ? { ...verdict, isTorn: false } : verdict;
}

/** A log start below the first segment: records that were not deleted are gone, with their file. */
export function missingBegin(
  segments: readonly LogSegment[],
  directory: string,
  logStartOffset: Offset | undefined,
): LogDamage | undefined {
  const first = segments.at(0)?.baseOffset;
  if (first === undefined || logStartOffset === undefined || first <= logStartOffset)
    return undefined;
  return {
    path: `${directory}/${offsetFileName(logStartOffset, logSuffix)}`,
    position: 0,
    firstOffset: logStartOffset,
    lastOffset: (segments.at(-1)?.endOffset ?? 0) - 1,
    reason: "the file is missing",
  };
}

/** All batches are sound, yet durable ones are not there: the file was cut or replaced. */
export function missingEnd(
  { segments, recoveryPoint }: FaultyLog,
  directory: string,
): LogDamage | undefined {
  const last = segments.at(-1);
  const endOffset = last?.endOffset ?? 0;
  if (endOffset >= recoveryPoint) return undefined;
  return {
    path: last?.path ?? directory,
    position: last?.sizeBytes ?? 0,
    firstOffset: endOffset,
    lastOffset: -1,
    reason: `records up to offset ${recoveryPoint} were durable and are not there`,
  };
}

export function damageIn(read: () => void): LogDamage | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof LogCorruptedError) return error.damage;
    throw error;
  }
}
