import type { FileSystem } from "../file-system.ts";
import { silentLogger, type Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import { MetricRegistry } from "../metric-registry.ts";
import type { Network } from "../network.ts";
import type { Clock, Platform, Random, Timers } from "../platform.ts";
import { SeededRandom } from "../seeded-random.ts";
import { MemoryFileSystem } from "./memory-file-system.ts";
import { MemoryNetwork } from "./memory-network.ts";
import { VirtualTime, type VirtualTimeOptions } from "./virtual-time.ts";

/** Parts to share between platforms ("processes"), or to take from elsewhere. */
export interface MemoryPlatformOptions extends VirtualTimeOptions {
  readonly fileSystem?: FileSystem;
  readonly network?: Network;
  readonly random?: Random;
  readonly logger?: Logger;
  readonly metrics?: Metrics;
}

/** Time from elsewhere, such as Node's. */
export interface TimedMemoryPlatformOptions extends MemoryPlatformOptions {
  readonly clock: Clock;
  readonly timers: Timers;
}

/** Time passes when the test says so. */
export interface VirtualMemoryPlatform extends Platform {
  /** Runs until nothing is left to happen. */
  run(): Promise<void>;
  /** Lets time pass, with all that happens in it. */
  advance(durationMs: number): Promise<void>;
  /** Runs until the work is settled, and gives its result. */
  until<Result>(work: Promise<Result>): Promise<Result>;
}

/**
 * A world in memory that never fails. Without `clock` and `timers` its time is virtual and driven by the test.
 *
 * @example
 * const platform = memoryPlatform();
 * const slept = platform.timers.sleep(60_000);
 * await platform.advance(60_000);
 * await slept;
 *
 * @example In real time, files and network in memory
 * const { clock, timers } = nodePlatform();
 * const platform = memoryPlatform({ clock, timers });
 */
export function memoryPlatform(options: TimedMemoryPlatformOptions): Platform;
export function memoryPlatform(options?: MemoryPlatformOptions): VirtualMemoryPlatform;
export function memoryPlatform(
  options: MemoryPlatformOptions & Partial<Pick<Platform, "clock" | "timers">> = {},
): Platform {
  const time = new VirtualTime(options);
  const timers = options.timers ?? time;
  const clock = options.clock ?? time;
  const platform: Platform = {
    clock,
    timers,
    random: options.random ?? new SeededRandom(1),
    fileSystem: options.fileSystem ?? new MemoryFileSystem(),
    network: options.network ?? new MemoryNetwork(timers, clock),
    logger: options.logger ?? silentLogger,
    metrics: options.metrics ?? new MetricRegistry(),
  };
  if (options.timers !== undefined) return platform;
  const driven: VirtualMemoryPlatform = {
    ...platform,
    run: () => time.run(),
    advance: (durationMs) => time.advance(durationMs),
    until: (work) => time.until(work),
  };
  return driven;
}
