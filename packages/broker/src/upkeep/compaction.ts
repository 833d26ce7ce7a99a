import type { Cleanable } from "@millrace/log";
import type { Platform } from "@millrace/platform";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { UpkeepMetrics } from "../metrics/upkeep-metrics.ts";
import type { Partition } from "../partition/partition.ts";

/** Of `log.cleaner.io.buffer.size`: what is worked on before others have their turn. A batch is never divided. */
const slicesPerBuffer = 8;
const sliceBytesMin = 4096;
/** A partition that could not be compacted is not tried again before. */
const retryMs = 600_000;
/** Partitions that are looked at before others have their turn. */
const atOnce = 100;

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
  /** When they may be tried again, by the monotonic clock. */
  readonly #failed = new Map<Partition, number>();

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
    for (const [partition, untilMs] of this.#failed)
      if (untilMs <= nowMs || !partition.hasLeader) this.#failed.delete(partition);
    let dirtiest: { readonly partition: Partition; readonly cleanable: Cleanable } | undefined;
    let dirtyRatioMax = 0;
    let count = 0;
    for (const partition of partitions.all()) {
      if (++count % atOnce === 0) await platform.timers.yield();
      signal.throwIfAborted();
      const cleanable = partition.cleanable();
      if (cleanable === undefined || this.#failed.has(partition)) continue;
      dirtyRatioMax = Math.max(dirtyRatioMax, cleanable.dirtyRatio);
      if (!cleanable.isDue) continue;
      if (dirtiest === undefined || cleanable.dirtyRatio > dirtiest.cleanable.dirtyRatio)
        dirtiest = { partition, cleanable };
    }
    metrics.looked(dirtyRatioMax, this.#failed.size);
    return dirtiest?.partition;
  }

  async #clean(partition: Partition, signal: AbortSignal): Promise<void> {
    const { platform, config, metrics } = this.#parts;
    const { clock, logger } = platform;
    const place = { topic: partition.topic, partition: partition.partition };
    const startedMs = clock.monotonicMs();
    try {
      const bufferBytes = config.number("log.cleaner.io.buffer.size");
      const result = await partition.compact({
        offsetMapBytes: config.number("log.cleaner.dedupe.buffer.size"),
        offsetMapLoadFactor: config.number("log.cleaner.io.buffer.load.factor"),
        sliceBytes: Math.max(sliceBytesMin, Math.floor(bufferBytes / slicesPerBuffer)),
        rest: (bytes) => this.#rest(bytes, signal),
      });
      if (result === undefined) return;
      const durationMs = clock.monotonicMs() - startedMs;
      metrics.cleaned({ ...result, durationMs });
      logger.log("info", "broker.log-compacted", { ...place, ...result, durationMs });
    } catch (error) {
      if (signal.aborted || !partition.hasLeader) return;
      this.#failed.set(partition, clock.monotonicMs() + retryMs);
      logger.log("warn", "broker.compaction-failed", { ...place, error });
    }
  }

  /** What a slice has read and written is within `log.cleaner.io.max.bytes.per.second`. */
  async #rest(bytes: number, signal: AbortSignal): Promise<void> {
    const { platform, config, admitWrite } = this.#parts;
    const waitMs = (1000 * bytes) / config.number("log.cleaner.io.max.bytes.per.second");
    if (waitMs >= 1) await platform.timers.sleep(waitMs, signal);
    else await platform.timers.yield();
    signal.throwIfAborted();
    admitWrite();
  }
}
