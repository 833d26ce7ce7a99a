import { MetricRegistry } from "../metric-registry.ts";
import type { LogLevel } from "../logger.ts";
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
  /** The least level that is logged; `silent` logs nothing. Default: `warn`. */
  readonly logLevel?: LogLevel | "silent";
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
    logger: new JsonLineLogger(options.logLevel ?? "warn", options.writeLogLine),
    metrics: new MetricRegistry(),
  };
}
