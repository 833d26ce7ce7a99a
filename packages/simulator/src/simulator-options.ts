import type { SimulatedLog } from "./process/trace-logger.ts";
import type { FaultProbabilities, SimulatedTimes } from "./world/fault-plan.ts";

export interface SimulatorOptions {
  /** Any safe integer; the same seed, program and options give the same run. */
  readonly seed: number;
  /**
   * Lets one real turn of the host's event loop pass, so that all that an event started comes to rest:
   * `drainTurn` of `@millrace/platform/node`.
   */
  readonly drain: () => Promise<void>;
  readonly faults?: FaultProbabilities;
  readonly times?: Partial<SimulatedTimes>;
  /** Of each disk. Default: no limit. */
  readonly diskCapacityBytes?: number;
  /** The wall clock at the start. Default: 2026-01-01 UTC. */
  readonly startWallMs?: number;
  /** How many of the last trace entries are kept. Default: 2,000. */
  readonly traceLinesMax?: number;
  readonly log?: SimulatedLog;
}

/** Dies when the step is reached for the n-th time (by all processes together, or by the named one). */
export interface CrashPoint {
  readonly step: string;
  /** 1 for the first time. */
  readonly occurrence: number;
  readonly kind: "kill" | "powerLoss";
  readonly process?: string;
}

export interface UntilOptions {
  /** Virtual time after which `TIMED_OUT` is thrown. Default: one hour. */
  readonly timeoutMs?: number;
}
