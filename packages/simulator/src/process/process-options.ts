import type { Platform } from "@millrace/platform";
import type { FaultKind } from "../world/fault-plan.ts";

export interface ProcessOptions {
  /** Its program. Started as an event, at once and after each death (`restartMs`). */
  readonly start?: (platform: Platform) => void | Promise<void>;
  /**
   * What happens when the program fails: `throw` lets the simulation fail; `restart` starts it again, as a
   * supervisor would. Default: `throw`.
   */
  readonly onFailure?: "throw" | "restart";
  /** Processes of one host reach each other by loopback addresses. Default: `localhost`, the same for all. */
  readonly host?: string;
  /** Name of its disk; processes may share one. Default: its own, by the name of the process. */
  readonly disk?: string;
  /** Faults that never happen to it. */
  readonly immuneTo?: readonly FaultKind[];
  /** Its wall clock before any jump, against the simulation's. */
  readonly wallOffsetMs?: number;
}
