import { MetricRegistry } from "../metric-registry.ts";
import type { Logger, LogLevel } from "../logger.ts";
import type { AnyLogger } from "../logging/accepted-logger.ts";
import { GuardedLogger } from "../logging/guarded-logger.ts";
import type { Platform } from "../platform.ts";
import { nodeClock } from "./node-clock.ts";
import { DescriptorPool } from "./descriptor-pool.ts";
import { NodeFileSystem } from "./node-file-system.ts";
import { JsonLineLogger } from "./json-line-logger.ts";
import { NodeNetwork } from "./node-network.ts";
import { NodeRandom } from "./node-random.ts";
import { nodeTimers } from "./node-timers.ts";
import { requireNode } from "./node-version.ts";

requireNode(process.versions.node);

export interface NodePlatformOptions {
  /** The least level that is logged; `silent` logs nothing. Default: `warn`, or what the `logger` takes. */
  readonly logLevel?: LogLevel | "silent" | undefined;
  /** Takes what is logged. Default: JSON lines. */
  readonly logger?: AnyLogger | undefined;
  /** Files that have a descriptor at once; others open theirs when they are used. Default: 30 % of `ulimit -n`. */
  readonly openFilesMax?: number;
  /** Takes each log line (JSON, without line end). Default: standard error. */
  readonly writeLogLine?: (line: string) => void;
}

/**
 * The real world, on Node.
 *
 * @example
 * const platform = nodePlatform({ logLevel: "info" });
 * await platform.timers.sleep(100);
 */
export function nodePlatform(options: NodePlatformOptions = {}): Platform {
  return {
    clock: nodeClock,
    timers: nodeTimers,
    random: new NodeRandom(),
    fileSystem: new NodeFileSystem(new DescriptorPool(options.openFilesMax)),
    network: new NodeNetwork(),
    logger: loggerOf(options),
    metrics: new MetricRegistry(),
  };
}

function loggerOf({ logger, logLevel, writeLogLine }: NodePlatformOptions): Logger {
  const lines = new JsonLineLogger(logLevel ?? "warn", writeLogLine);
  if (logger === undefined) return lines;
  return new GuardedLogger(logger, { clock: nodeClock, fallback: lines, least: logLevel });
}
