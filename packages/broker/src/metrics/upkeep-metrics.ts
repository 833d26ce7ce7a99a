import type { Platform } from "@millrace/platform";

/** Of one compaction. */
export interface CleaningFigures {
  readonly durationMs: number;
  readonly sizeBytesBefore: number;
  readonly sizeBytesAfter: number;
  /** How full the map of keys was, of 1. */
  readonly offsetMapUse: number;
}

/** It lay below the log start, the log was too large, its records too old, or there were newer ones of its keys. */
const removalReasons = ["start", "size", "time", "compaction"] as const;
export type RemovalReason = (typeof removalReasons)[number];

/** What retention and compaction did since the start, for the metrics. */
export class UpkeepMetrics {
  readonly #clock: Platform["clock"];
  readonly #removedBytes = new Map<RemovalReason, number>(
    removalReasons.map((reason) => [reason, 0]),
  );
  #lastRunMs: number;
  #last: CleaningFigures | undefined;
  /** Of the log that has most of it, at the last look, of 1. */
  dirtyRatioMax = 0;
  /** Partitions that could not be compacted the last time, and their bytes. */
  uncleanablePartitions = 0;
  uncleanableBytes = 0;

  constructor(clock: Platform["clock"]) {
    this.#clock = clock;
    this.#lastRunMs = clock.monotonicMs();
  }

  /** Bytes that went, by what they went for. */
  get removedBytes(): ReadonlyMap<RemovalReason, number> {
    return this.#removedBytes;
  }

  /** Of the last compaction. */
  get lastCleaning(): CleaningFigures | undefined {
    return this.#last;
  }

  get sinceLastRunMs(): number {
    return this.#clock.monotonicMs() - this.#lastRunMs;
  }

  removed(reason: RemovalReason, bytes: number): void {
    this.#removedBytes.set(reason, (this.#removedBytes.get(reason) ?? 0) + bytes);
  }

  looked(dirtyRatioMax: number, uncleanable: readonly { readonly sizeBytes: number }[]): void {
    this.#lastRunMs = this.#clock.monotonicMs();
    this.dirtyRatioMax = dirtyRatioMax;
    this.uncleanablePartitions = uncleanable.length;
    this.uncleanableBytes = uncleanable.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  cleaned(figures: CleaningFigures): void {
    this.#last = figures;
    this.removed("compaction", figures.sizeBytesBefore - figures.sizeBytesAfter);
  }
}
