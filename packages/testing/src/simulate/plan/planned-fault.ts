import type { SeededRandom } from "@millrace/platform";

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

const faultsMax = 6;
const commitsMax = 6;
const pauseMsMax = 3_000;
const isolationMsMax = 2_500;
const slownessMsMax = 1_000;
const absenceMsMax = 600;
const underWayMsMax = 120;
const clockJumpMsMax = 60_000;

/** Each kind is in every other run, so that some runs have one alone. */
export function drawFaults(
  random: SeededRandom,
  {
    kinds,
    instances,
    durationMs,
    sendTimes,
  }: {
    readonly kinds: readonly SimulatedFault[];
    readonly instances: readonly string[];
    readonly durationMs: number;
    /** When records are due. */
    readonly sendTimes: readonly number[];
  },
): readonly PlannedFault[] {
  if (kinds.length === 0) return [];
  const drawn = kinds.filter(() => random.chance(0.5));
  const chosen = drawn.length > 0 ? drawn : kinds;
  const faults = Array.from({ length: 1 + random.below(faultsMax) }, (): PlannedFault => {
    const kind = chosen[random.below(chosen.length)];
    const instance = instances[random.below(instances.length)];
    const isBroker = mayHitBroker(kind) && random.chance(0.3);
    const isInCommit = kind === "crash" && !isBroker && random.chance(0.5);
    return {
      kind,
      atMs: drawTime(random, durationMs, sendTimes),
      target: isBroker ? brokerName : instance,
      lastsMs: Math.round(random.fraction() * lastsMsMax(kind)),
      byMs: Math.round((2 * random.fraction() - 1) * clockJumpMsMax),
      commit: isInCommit
        ? { count: 1 + random.below(commitsMax), step: random.chance(0.5) ? "C18" : "C19" }
        : undefined,
    };
  });
  return faults.sort((left, right) => left.atMs - right.atMs);
}

/** Often soon after a record, while it is under way and not committed yet. */
function drawTime(random: SeededRandom, durationMs: number, sendTimes: readonly number[]): number {
  const anyMs = Math.round(random.fraction() * durationMs);
  if (sendTimes.length === 0 || random.chance(0.5)) return anyMs;
  return sendTimes[random.below(sendTimes.length)] + random.below(underWayMsMax);
}

function mayHitBroker(kind: SimulatedFault): boolean {
  return kind === "crash" || kind === "powerLoss" || kind === "pause" || kind === "clockJump";
}

function lastsMsMax(kind: SimulatedFault): number {
  switch (kind) {
    case "crash":
    case "powerLoss":
    case "cut":
    case "clockJump":
      return 0;
    case "pause":
      return pauseMsMax;
    case "isolate":
      return isolationMsMax;
    case "slowNetwork":
    case "slowDisk":
      return slownessMsMax;
    case "rebalance":
      return absenceMsMax;
  }
}

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
