import { invariant, type Offset } from "@millrace/model";
import type { Durability } from "./durability.ts";
import type { LogOfPartition } from "./log-of-partition.ts";

export interface PartitionSyncOptions {
  readonly durability: Durability;
  /** The durability level has reached this offset. */
  readonly reached: (offset: Offset) => void;
  /** A sync failed, or the log did on the way. */
  readonly failed: (error: unknown) => void;
}

/**
 * When a partition's log is synced, and how far what was appended counts as done.
 *
 *     memory               written ──▶ reached
 *     os                   written ──▶ reached; a sync where a segment was closed
 *     group, strict        written ──▶ sync ──▶ reached, and again while more was written meanwhile
 *     flush.ms             a sync, nobody waits for it, where it is looked for (Kafka: `flushDirtyLogs`)
 *     flush.messages       as group, from the append on that makes so many
 */
export class PartitionSync {
  readonly #options: PartitionSyncOptions;
  #isSyncing = false;
  /** What is written counts once it is synced, though the level would not have it so. */
  #isFlushing = false;
  #isStopped = false;
  /** When all was synced, or nothing was known yet. */
  #flushedMs: number | undefined;
  #syncing: Promise<void> = Promise.resolve();

  constructor(options: PartitionSyncOptions) {
    this.#options = options;
  }

  /** Something was appended. */
  written(log: LogOfPartition): void {
    const { syncs } = this.#options.durability;
    const isTrusting = syncs === "never" || syncs === "perSegment";
    this.#isFlushing ||= isTrusting && isFlushDue(log);
    if (isTrusting && !this.#isFlushing) this.#options.reached(log.logEndOffset);
    if (this.#isSyncing) return;
    if (!isTrusting || this.#isFlushing) {
      this.#isSyncing = true;
      this.#syncing = this.#syncToEnd(log);
    } else if (syncs === "perSegment" && isSyncDue(log)) {
      this.#isSyncing = true;
      this.#syncing = this.#syncOnce(log);
    }
  }

  /** Syncs what has waited for `flush.ms`; since when is known as exactly as it is looked for. */
  flushOld(log: LogOfPartition, nowMs: number): void {
    if (log.durableOffset >= log.logEndOffset || this.#isSyncing) {
      this.#flushedMs = nowMs;
      return;
    }
    this.#flushedMs ??= nowMs;
    if (this.#isStopped || nowMs - this.#flushedMs < log.config.flushMs) return;
    this.#flushedMs = nowMs;
    this.#isSyncing = true;
    this.#syncing = this.#syncOnce(log);
  }

  /** No further sync is begun. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Resolves once no sync goes on. */
  idle(): Promise<void> {
    return this.#syncing;
  }

  /** Bounds what a crash leaves to be scanned and written again; nobody waits for it. */
  async #syncOnce(log: LogOfPartition): Promise<void> {
    try {
      await this.#options.durability.sync(log);
    } catch (error) {
      this.#options.failed(error);
    } finally {
      this.#isSyncing = false;
    }
    if (this.#isFlushing && !this.#isStopped) this.written(log);
  }

  /**
   * One sync after the other while there is something to sync; what is written meanwhile shares the next. That there
   * is nothing more, and that no sync goes on, is one step: what is written in between would never be synced.
   */
  async #syncToEnd(log: LogOfPartition): Promise<void> {
    const { durability, reached, failed } = this.#options;
    try {
      if (durability.syncs === "perTurn") await durability.turn();
      while (!this.#isStopped && log.highWatermark < log.logEndOffset) {
        await durability.sync(log);
        invariant(log.durableOffset >= log.highWatermark, "BROKER-4", log.durableOffset);
        if (log.durableOffset === log.highWatermark) break;
        reached(log.durableOffset);
      }
    } catch (error) {
      failed(error);
    } finally {
      this.#isSyncing = false;
      this.#isFlushing = false;
    }
  }
}

/** `flush.messages`: so many records have come that their producers wait for the device, whatever the level is. */
function isFlushDue(log: LogOfPartition): boolean {
  return log.logEndOffset - log.durableOffset >= log.config.flushMessages;
}

/** A folder is made durable at once, so that it can be missed if it is gone. */
function isSyncDue(log: LogOfPartition): boolean {
  return log.isNew || log.durableOffset < log.activeBaseOffset;
}
