/**
 * What may go wrong. Each kind has its opportunities:
 *
 * | kind | opportunity | what happens |
 * |---|---|---|
 * | `delay` | a message | it, and all behind it on its connection, comes late |
 * | `cut` | a message | both ends see the connection closed with an error |
 * | `halfOpen` | a message | one end sees it closed with an error, the other one sees nothing any more |
 * | `refuse` | a connect | it is refused |
 * | `diskFull` | a write | a prefix is written, then `DISK_FULL` |
 * | `fsyncError` | a sync | it fails, and what it should have written never reaches the device |
 * | `slowFsync` | a sync | it takes long |
 * | `latentError` | a read | one of its sectors is unreadable until it is written again |
 * | `crashAtStep` | a crash step | the process is killed there, or its power fails |
 * | `kill`, `powerLoss`, `pause`, `clockJump`, `partition` | every 100 ms, each process | as the name says |
 */
export type FaultKind =
  | "delay"
  | "cut"
  | "halfOpen"
  | "refuse"
  | "diskFull"
  | "fsyncError"
  | "slowFsync"
  | "latentError"
  | "crashAtStep"
  | "kill"
  | "powerLoss"
  | "pause"
  | "clockJump"
  | "partition";

/** Probability in [0, 1] per opportunity. A kind that is not named never happens. */
export type FaultProbabilities = Readonly<Partial<Record<FaultKind, number>>>;

/** Least and greatest value, both in milliseconds of virtual time. */
export type MsRange = readonly [least: number, greatest: number];

export interface SimulatedTimes {
  /** A message on its way. */
  readonly latencyMs: MsRange;
  /** What a `delay` adds. */
  readonly delayMs: MsRange;
  readonly syncMs: MsRange;
  /** What a `slowFsync` adds. */
  readonly slowSyncMs: MsRange;
  readonly pauseMs: MsRange;
  readonly clockJumpMs: MsRange;
  readonly partitionMs: MsRange;
  /** From the death of a process with a `start` to its next start. */
  readonly restartMs: MsRange;
}

export const defaultTimes: SimulatedTimes = {
  latencyMs: [0.05, 0.5],
  delayMs: [5, 300],
  syncMs: [0.1, 0.6],
  slowSyncMs: [50, 1_000],
  pauseMs: [50, 3_000],
  clockJumpMs: [-60_000, 60_000],
  partitionMs: [100, 5_000],
  restartMs: [5, 500],
};
