import type { Platform } from "@millrace/platform";

/** Steps at which a crash must be survivable, and is provoked in tests (`docs/reference/faults.md`). */
export type CrashStep =
  | "C1"
  | "C2"
  | "C3"
  | "C4"
  | "C5"
  | "C6"
  | "C7"
  | "C8"
  | "C9"
  | "C10"
  | "C11"
  | "C20";

/** Tells a test platform that this step is reached; real platforms have no probe. */
export function reach(platform: Platform, step: CrashStep): void {
  platform.probe?.(step);
}
