import { type Cleanable, LogStorageError } from "@millrace/log";
import { FileSystemError, type Platform } from "@millrace/platform";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { UpkeepMetrics } from "../metrics/upkeep-metrics.ts";
import type { Partition } from "../partition/partition.ts";
import { CleanerPace } from "./cleaner-pace.ts";

/** Of `log.cleaner.io.buffer.size`: what is worked on before others have their turn. A batch is never divided. */
const slicesPerBuffer = 8;
const sliceBytesMin = 4096;
/** What storage did not let through is tried again after this, and twice as long each time, up to that. */
const retryMs = 15_000;
const retryMsMax = 600_000;
/** Partitions that are looked at before others have their turn. */
const atOnce = 100;

interface Failure {
  /** By the monotonic clock. */
  readonly againMs: number;
  readonly waitMs: number;
}

export interface CleanerParts {
  readonly platform: Platform;
  readonly config: BrokerConfig;
  readonly partitions: { all(): Iterable<Partition> };
  readonly metrics: UpkeepMetrics;
  /** Throws while there is no room for what is written. */
  readonly admitWrite: () => void;
}

/** Compacts logs, the dirtiest first, one at a time (Kafka: `LogCleaner`). */
export class Cleaner {
  readonly #parts: CleanerParts;
  readonly #failed = new Map<Partition, Failure>();

  constructor(parts: CleanerParts) {
    this.#parts = parts;
  }

  /** Compacts all that is due. */
  async run(signal: AbortSignal): Promise<void> {
    const { config } = this.#parts;
    if (!config.boolean("log.cleaner.enable") || config.number("log.cleaner.threads") === 0) return;
    for (;;) {
      const partition = await this.#dirtiest(signal);
      if (partition === undefined) return;
      await this.#clean(partition, signal);
      signal.throwIfAborted();
    }
  }

  /** Of those that are due. */
  async #dirtiest(signal: AbortSignal): Promise<Partition | undefined> {
    const { platform, partitions, metrics } = this.#parts;
    const nowMs = platform.clock.monotonicMs();
    for (const partition of this.#failed.keys())
      if (!partition.hasLeader) this.#failed.delete(partition);
    let dirtiest: { readonly partition: Partition; readonly cleanable: Cleanable } | undefined;
    let dirtyRatioMax = 0;
    let count = 0;
    for (const partition of partitions.all()) {
      if (++count % atOnce === 0) await platform.timers.yield();
      signal.throwIfAborted();
      const cleanable = partition.cleanable();
      if (cleanable === undefined) continue;
      if ((this.#failed.get(partition)?.againMs ?? 0) > nowMs) continue;
      dirtyRatioMax = Math.max(dirtyRatioMax, cleanable.dirtyRatio);
      if (!cleanable.isDue) continue;
      if (dirtiest === undefined || cleanable.dirtyRatio > dirtiest.cleanable.dirtyRatio)
        dirtiest = { partition, cleanable };
    }
    metrics.looked(dirtyRatioMax, [...this.#failed.keys()]);
    return dirtiest?.partition;
  }

  async #clean(partition: Partition, signal: AbortSignal): Promise<void> {
    const { platform, config, metrics } = this.#parts;
    const { clock, logger } = platform;
    const place = { topic: partition.topic, partition: partition.partition };
    const startedMs = clock.monotonicMs();
    const bytesPerSecond = () => config.number("log.cleaner.io.max.bytes.per.second");
    const pace = new CleanerPace(platform, bytesPerSecond);
    try {
      const bufferBytes = config.number("log.cleaner.io.buffer.size");
      const result = await partition.compact({
        offsetMapBytes: config.number("log.cleaner.dedupe.buffer.size"),
        offsetMapLoadFactor: config.number("log.cleaner.io.buffer.load.factor"),
        sliceBytes: Math.max(sliceBytesMin, Math.floor(bufferBytes / slicesPerBuffer)),
        rest: async (bytes) => {
          await pace.rest(bytes, signal);
          signal.throwIfAborted();
          this.#parts.admitWrite();
        },
      });
      this.#failed.delete(partition);
      if (result === undefined) return;
      const durationMs = clock.monotonicMs() - startedMs;
      metrics.cleaned({ ...result, durationMs });
      logger.log("info", "broker.log-compacted", { ...place, ...result, durationMs });
    } catch (error) {
      if (signal.aborted || !partition.hasLeader) return;
      const waitMs = this.#failedFor(partition, error);
      this.#failed.set(partition, { againMs: clock.monotonicMs() + waitMs, waitMs });
      const retry = Number.isFinite(waitMs) ? { againAfterMs: waitMs } : { isUncleanable: true };
      logger.log("warn", "broker.compaction-failed", { ...place, ...retry, error });
    }
  }

  /** A log that cannot be compacted as it is stays so until it is opened anew (Kafka: `markPartitionUncleanable`). */
  #failedFor(partition: Partition, error: unknown): number {
    const isOfStorage = error instanceof LogStorageError || error instanceof FileSystemError;
    if (!isOfStorage) return Number.POSITIVE_INFINITY;
    const beforeMs = this.#failed.get(partition)?.waitMs ?? retryMs / 2;
    return Math.min(retryMsMax, 2 * beforeMs);
  }
}
