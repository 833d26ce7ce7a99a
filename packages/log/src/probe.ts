import type { Platform } from "@millrace/platform";

/** Steps of `docs/reference/faults`: where a crash must be survivable, and is provoked in tests. */
export type CrashStep = "C1" | "C2" | "C3" | "C4" | "C5" | "C6" | "C7" | "C11" | "C20";

interface Probed {
  readonly probe?: (step: string) => void;
}

/** Tells a test platform that this step is reached; real platforms have no probe. */
export function reach(platform: Platform, step: CrashStep): void {
  (platform as Probed).probe?.(step);
}
