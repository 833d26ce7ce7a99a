import type { SeededRandom } from "@millrace/platform";

import { brokerName, type PlannedFault, type SimulatedFault } from "./planned-fault.ts";

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
