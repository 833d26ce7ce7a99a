import type { LogConfig } from "../log-config.ts";
import type { PartitionLogOptions } from "../log-types.ts";

/** Options with defaults filled in. */
export interface RecoveryOptions extends PartitionLogOptions {
  readonly config: LogConfig;
}
