/**
 * What may go wrong in a simulation.
 *
 * | fault | what happens |
 * |---|---|
 * | `crash` | an instance or the broker is killed, at any moment or in the middle of a commit, and started again |
 * | `powerLoss` | the same, and what was not synced to its disk may be lost |
 * | `pause` | an instance or the broker stands still, for longer than its session or shorter |
 * | `cut` | the connections between an instance and the broker break |
 * | `isolate` | for a while nothing passes between an instance and the broker |
 * | `slowNetwork` | for a while messages come late |
 * | `slowDisk` | for a while syncs take long |
 * | `rebalance` | an instance is closed, and started again |
 * | `clockJump` | the wall clock of an instance or of the broker jumps |
 */
export const simulatedFaults = [
  "crash",
  "powerLoss",
  "pause",
  "cut",
  "isolate",
  "slowNetwork",
  "slowDisk",
  "rebalance",
  "clockJump",
] as const;

export type SimulatedFault = (typeof simulatedFaults)[number];

export const brokerName = "broker";

/** One fault of a run. */
export interface PlannedFault {
  readonly kind: SimulatedFault;
  readonly atMs: number;
  /** A process. */
  readonly target: string;
  /** 0: it is over at once. */
  readonly lastsMs: number;
  /** How far a clock jumps, and how late a message is. */
  readonly byMs: number;
  /** Of a crash in a commit: in which one after its time, and before or after stores are written. */
  readonly commit: { readonly count: number; readonly step: "C18" | "C19" } | undefined;
}
