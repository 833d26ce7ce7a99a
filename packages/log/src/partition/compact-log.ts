import { invariant, type Offset } from "@millrace/model";
import { LogCorruptedError } from "../log-error.ts";
import { cleanSegments } from "../compaction/clean-segments.ts";
import { CleanedTransactions } from "../compaction/cleaned-transactions.ts";
import type { CleaningPace } from "../compaction/cleaning-pace.ts";
import type { CleaningRules, LastOfProducer } from "../compaction/filter-batch.ts";
import { groupSegments } from "../compaction/group-segments.ts";
import { judgeCompaction, type Cleanable } from "../compaction/judge-compaction.ts";
import { mapOffsets } from "../compaction/map-offsets.ts";
import { OffsetMap } from "../compaction/offset-map.ts";
import type { ProducerStates } from "../producer/producer-states.ts";
import type { LogSegment } from "../segment/log-segment.ts";
import { lastStableOffsetOf, type LogState } from "./log-state.ts";
import type { LogWriter } from "./log-writer.ts";
import { saveCleaned, swapSegments } from "./swap-segments.ts";

export interface CompactionOptions extends CleaningPace {
  /** `log.cleaner.dedupe.buffer.size`: most bytes of keys' hashes and offsets. */
  readonly offsetMapBytes: number;
  /** `log.cleaner.io.buffer.load.factor`. */
  readonly offsetMapLoadFactor: number;
}

/** What compaction took away. */
export interface CompactionResult {
  readonly firstDirtyOffset: Offset;
  /** Cleaned up to here. */
  readonly endOffset: Offset;
  readonly sizeBytesBefore: number;
  readonly sizeBytesAfter: number;
  /** How full the offset map was, of 1. */
  readonly offsetMapUse: number;
}

/** The log is not as it was when the cleaning began: another one will come. */
class CleaningGivenUp extends Error {}

export function cleanableOf(state: LogState): Cleanable | undefined {
  const { config, logStartOffset, cleanedOffset, platform } = state;
  return judgeCompaction({
    segments: state.segments.all,
    config,
    logStartOffset,
    cleanedOffset,
    lastStableOffset: lastStableOffsetOf(state),
    nowMs: platform.clock.wallMs(),
  });
}

/**
 * Compacts what can be (Kafka: `Cleaner.doClean`): the last offset of each key of the dirty part, then all segments up to
 * there anew, group by group.
 */
export async function compactLog(
  state: LogState,
  writer: LogWriter,
  options: CompactionOptions,
): Promise<CompactionResult | undefined> {
  state.checkWritable();
  const cleanable = cleanableOf(state);
  if (cleanable === undefined) return undefined;
  // What recovery may take for a torn tail is not rewritten.
  if (state.durableOffset < cleanable.endOffset) await writer.sync();
  await state.options.saveRecoveryPoint?.(state.durableOffset);
  const { removedCount } = state.segments;
  const pace: CleaningPace = {
    sliceBytes: options.sliceBytes,
    rest: async (bytes) => {
      await options.rest(bytes);
      state.checkWritable();
      if (state.segments.removedCount !== removedCount) throw new CleaningGivenUp();
    },
  };
  try {
    const result = await clean({ state, writer }, cleanable, { ...options, ...pace });
    state.cleanedOffset = result.endOffset;
    await state.options.saveCleanedOffset?.(result.endOffset);
    return result;
  } catch (error) {
    if (error instanceof CleaningGivenUp) return undefined;
    if (error instanceof LogCorruptedError) state.foundDamage(error.damage);
    throw error;
  }
}

/** A log, and what makes it durable. */
interface CompactingLog {
  readonly state: LogState;
  readonly writer: LogWriter;
}

async function clean(
  log: CompactingLog,
  cleanable: Cleanable,
  options: CompactionOptions,
): Promise<CompactionResult> {
  const { state } = log;
  const { segments, platform, config } = state;
  const { codecs } = state.options;
  const { random, clock } = platform;
  const nowMs = clock.wallMs();
  const offsets = new OffsetMap({
    bytesMax: options.offsetMapBytes,
    loadFactor: options.offsetMapLoadFactor,
    random,
  });
  await mapOffsets(segments, cleanable, { offsets, pace: options, codecs });
  const endOffset = offsets.latestOffset + 1;
  invariant(endOffset <= cleanable.endOffset, "LOG-9", { endOffset, cleanable });
  const transactions = new CleanedTransactions();
  const cleaned = segments.all.filter(({ baseOffset }) => baseOffset < endOffset);
  let sizeBytesBefore = 0;
  let sizeBytesAfter = 0;
  for (const group of groupSegments(cleaned, config)) {
    const rules: CleaningRules = {
      offsets,
      transactions,
      lastOfProducers: lastOfProducers(state.producers),
      endOffset: cleanable.endOffset,
      nowMs,
      deleteRetentionMs: config.deleteRetentionMs,
      codecs,
    };
    const sizes = await cleanGroup(log, group, { rules, pace: options });
    sizeBytesBefore += sizes.before;
    sizeBytesAfter += sizes.after;
  }
  const { firstDirtyOffset } = cleanable;
  const offsetMapUse = offsets.use;
  return { firstDirtyOffset, endOffset, sizeBytesBefore, sizeBytesAfter, offsetMapUse };
}

async function cleanGroup(
  { state, writer }: CompactingLog,
  group: readonly LogSegment[],
  { rules, pace }: { readonly rules: CleaningRules; readonly pace: CleaningPace },
): Promise<{ readonly before: number; readonly after: number }> {
  // While the group before took its place it may have been closed, or records may have been deleted.
  state.checkWritable();
  if (!group.every((segment) => state.segments.all.includes(segment))) throw new CleaningGivenUp();
  const { fileSystem, path: directory, config } = state;
  const { indexIntervalBytes } = config;
  const place = { fileSystem, directory, indexIntervalBytes };
  const before = group.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const cleaned = await cleanSegments(state.segments, group, { place, rules, pace });
  let isInPlace = false;
  try {
    await saveCleaned(state, cleaned);
    // It may have been closed, and its folder removed.
    state.checkWritable();
    // What producers wrote last is the reason for which something before it went.
    await writer.sync();
    isInPlace = await swapSegments(state, group, cleaned);
  } finally {
    // After a failure of the device a restart decides.
    if (!isInPlace && state.failure === undefined) cleaned.remove();
  }
  if (!isInPlace) throw new CleaningGivenUp();
  return { before, after: cleaned.sizeBytes };
}

function lastOfProducers({ entries }: ProducerStates): ReadonlyMap<number, LastOfProducer> {
  const last = new Map<number, LastOfProducer>();
  for (const { producerId, producerEpoch, lastBatch } of entries.values())
    last.set(producerId, { producerEpoch, lastDataOffset: lastBatch?.lastOffset ?? -1 });
  return last;
}
