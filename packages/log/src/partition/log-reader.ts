import type { Offset, Timestamp } from "@millrace/model";
import type { Compression } from "@millrace/protocol/records";
import { LogCorruptedError, type LogDamage, LogRequestError } from "../log-error.ts";
import type { AbortedTransaction, LogSlice, ReadOptions, TimestampOffset } from "../log-types.ts";
import { findMaxTimestamp, findTimestamp } from "../read/find-timestamp.ts";
import { emptySlice, readFromCache, readFromFiles } from "../read/read-batches.ts";
import type { SegmentList } from "../segment/segment-list.ts";
import type { LogState } from "./log-state.ts";

/** What is asked of a log's batches; its owner documents the methods. */
export class LogReader {
  readonly #state: LogState;

  constructor(state: LogState) {
    this.#state = state;
  }

  read(offset: Offset, options: ReadOptions): LogSlice {
    const state = this.#state;
    state.checkOpen();
    const { damage, logStartOffset, logEndOffset } = state;
    const soundEnd = damage?.firstOffset ?? Number.POSITIVE_INFINITY;
    if (damage !== undefined && offset >= soundEnd) throw new LogCorruptedError(damage);
    if (offset < logStartOffset || offset > logEndOffset)
      throw new LogRequestError(
        "OFFSET_OUT_OF_RANGE",
        `offset ${offset} is outside of ${logStartOffset} to ${logEndOffset}`,
      );
    const hasRoom = options.maxBytes > 0 || options.minOneBatch === true;
    if (offset >= options.upTo || offset === logEndOffset || !hasRoom) return emptySlice(offset);
    const bounds = options.upTo > soundEnd ? { ...options, upTo: soundEnd } : options;
    const cached = readFromCache(state, offset, bounds);
    if (cached !== undefined) return cached;
    try {
      const slice = state.reading(() => readFromFiles(state, offset, bounds));
      if (damage !== undefined && slice.parts.length === 0) this.#checkFront(offset, damage);
      if (slice.nextOffset >= Math.min(bounds.upTo, logEndOffset)) state.cache.reachedTail();
      return slice;
    } catch (error) {
      // Found just now, and behind what is asked for: that is served still.
      if (error instanceof LogCorruptedError && soundEnd > error.damage.firstOffset)
        return this.read(offset, options);
      throw error;
    }
  }

  /**
   * What compaction has left a gap of may have nothing in front of the damage: whoever reads there would wait for ever.
   *
   * @throws LogCorruptedError
   */
  #checkFront(offset: Offset, damage: LogDamage): void {
    const state = this.#state;
    const one = { maxBytes: 1, minOneBatch: true, upTo: damage.firstOffset };
    const { parts } = state.reading(() => readFromFiles(state, offset, one));
    if (parts.length === 0) throw new LogCorruptedError(damage);
  }

  abortedTransactions(from: Offset, to: Offset): readonly AbortedTransaction[] {
    const { segments } = this.#state;
    return this.#state
      .reading(() => segments.abortedIn(from, to))
      .map(({ producerId, firstOffset }) => ({ producerId, firstOffset }));
  }

  offsetForTimestamp(timestamp: Timestamp): TimestampOffset | undefined {
    return this.#search((segments, from) => findTimestamp(segments, timestamp, from));
  }

  maxTimestamp(): TimestampOffset | undefined {
    return this.#search(findMaxTimestamp);
  }

  /** Of a damaged log only what is found in front of the damage is known to be right. */
  #search(
    find: (
      segments: SegmentList,
      from: { readonly offset: Offset; readonly codecs?: Compression },
    ) => TimestampOffset | undefined,
  ): TimestampOffset | undefined {
    const state = this.#state;
    const from = { offset: state.logStartOffset, codecs: state.options.codecs };
    const found = state.reading(() => find(state.segments, from));
    const { damage } = state;
    if (damage !== undefined && (found === undefined || found.offset >= damage.firstOffset))
      throw new LogCorruptedError(damage);
    return found;
  }
}
