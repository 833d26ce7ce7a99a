import type { PlannedFault } from "./planned-fault.ts";

/** A line of a history. */
export function faultText({ kind, target, lastsMs, byMs, commit }: PlannedFault): string {
  switch (kind) {
    case "crash":
      if (commit === undefined) return `${target} is killed`;
      return `${target} is to be killed in commit ${commit.count} from now, ${commit.step === "C19" ? "before" : "after"} its stores are written`;
    case "powerLoss":
      return `the power of ${target} fails`;
    case "pause":
      return `${target} stands still for ${lastsMs} ms`;
    case "cut":
      return `the connections between ${target} and the broker break`;
    case "isolate":
      return `nothing passes between ${target} and the broker for ${lastsMs} ms`;
    case "slowNetwork":
      return `messages are late for ${lastsMs} ms`;
    case "slowDisk":
      return `disks are slow for ${lastsMs} ms`;
    case "rebalance":
      return `${target} is closed, for ${lastsMs} ms`;
    case "clockJump":
      return `the wall clock of ${target} jumps by ${byMs} ms`;
  }
}
