import { SeededRandom } from "@millrace/platform";
import type {
  CrashPoint,
  FaultKind,
  FaultProbabilities,
  SimulatedTimes,
} from "@millrace/simulator";

import { crashStepNames, crashSteps } from "./crash-steps.ts";
import { chooseProgram } from "./programs/all-programs.ts";

export type LoaderKind = "transactional" | "idempotent";

/** Everything that a seed decides. Printed whole when the seed fails. */
export interface SwarmOptions {
  readonly seed: number;
  /** What the application does: the name of a program. */
  readonly program: string;
  readonly chaosMs: number;
  readonly faults: FaultProbabilities;
  readonly times: Partial<SimulatedTimes>;
  readonly crashPoints: readonly CrashPoint[];
  readonly loaders: readonly LoaderKind[];
  /** Of each loader. */
  readonly attempts: number;
  readonly linesPerAttemptMax: number;
  /** Chance that a transaction is aborted on purpose. */
  readonly abortChance: number;
  /** Chance that a second writer takes the transactional id over while the first one is in a transaction. */
  readonly zombieChance: number;
  readonly commitIntervalMs: number;
  readonly cacheBytesMax: number;
  /** Chance that an instance, once started, is closed in the middle of its n-th commit. */
  readonly closeInCommitChance: number;
  /** Chance that a started broker is shut down cleanly some time later. */
  readonly brokerShutdownChance: number;
  /** Age at which a segment is closed. */
  readonly segmentMs: number;
  /** How often the timers of the application fire; 0: it has none. */
  readonly tickMs: number;
  /** How long the service that is asked for each line takes at most; 0: none is asked. */
  readonly askMs: number;
  /** Stream loops of each instance. */
  readonly threads: number;
}

/** Greatest probability per opportunity; opportunities are described at `FaultKind`. */
const faultMaxima: Readonly<Record<FaultKind, number>> = {
  delay: 0.05,
  cut: 0.008,
  halfOpen: 0.004,
  refuse: 0.4,
  diskFull: 0.01,
  fsyncError: 0.002,
  slowFsync: 0.05,
  latentError: 0.2,
  crashAtStep: 0.002,
  kill: 0.012,
  powerLoss: 0.01,
  pause: 0.012,
  clockJump: 0.02,
  partition: 0.012,
};

/** A fault is on in one of so many seeds. */
const faultShare = 3;

export function swarmOptions(seed: number, chosen?: string): SwarmOptions {
  const random = new SeededRandom(seed);
  const loaders = pick(random, [
    ["transactional"],
    ["transactional"],
    ["idempotent"],
    ["transactional", "idempotent"],
  ] as const);
  const crashPoints = chooseCrashPoints(random);
  const program = chosen ?? chooseProgram(new SeededRandom(seed));
  return {
    seed,
    program,
    chaosMs: 1_500 + random.below(2_500),
    faults: chooseFaults(random, crashPoints),
    times: {
      delayMs: [5, pick(random, [100, 500, 3_000])],
      slowSyncMs: [50, pick(random, [200, 1_500])],
      pauseMs: [50, pick(random, [500, 4_000])],
      partitionMs: [100, pick(random, [1_000, 3_000])],
      restartMs: [5, pick(random, [100, 500])],
    },
    crashPoints,
    // Two writers at a time would be in no order of time.
    loaders: program === "word-count" ? loaders : loaders.slice(0, 1),
    attempts: Math.ceil((8 + random.below(10)) / loaders.length),
    linesPerAttemptMax: 1 + random.below(6),
    abortChance: pick(random, [0, 0.1, 0.3]),
    zombieChance: pick(random, [0, 0.1, 0.3]),
    commitIntervalMs: pick(random, [50, 100, 200]),
    cacheBytesMax: pick(random, [0, 1_000_000]),
    closeInCommitChance: crashPoints.some(({ step }) => step === "C21")
      ? 1
      : pick(random, [0, 0.3, 0.6]),
    brokerShutdownChance: crashPoints.some(({ step }) => step === "C7")
      ? 1
      : pick(random, [0, 0.3, 0.6]),
    segmentMs: pick(random, [300, 1_000, 5_000]),
    tickMs: pick(random, [0, 30, 200]),
    askMs: pick(random, [0, 5, 60]),
    threads: pick(random, [1, 1, 2]),
  };
}

/** Any steps; and, often, one between the end of a transaction and the next, where a store may be ahead. */
function chooseCrashPoints(random: SeededRandom): readonly CrashPoint[] {
  const points: CrashPoint[] = Array.from({ length: random.below(4) }, () => {
    const step = pick(random, crashStepNames);
    return {
      step,
      occurrence: 1 + random.below(crashSteps[step]),
      kind: random.chance(0.5) ? ("kill" as const) : ("powerLoss" as const),
    };
  });
  if (random.chance(0.3))
    points.push({ step: "C18", occurrence: 1 + random.below(crashSteps.C18), kind: "kill" });
  return points;
}

function chooseFaults(
  random: SeededRandom,
  crashPoints: readonly CrashPoint[],
): FaultProbabilities {
  const chosen: Partial<Record<FaultKind, number>> = {};
  for (const [kind, maximum] of Object.entries(faultMaxima)) {
    const probability = maximum * (0.1 + 0.9 * random.fraction());
    const isOn = random.below(faultShare) === 0;
    if (isOn) chosen[kind as FaultKind] = Number(probability.toPrecision(3)); // a key of the record
  }
  // C4 is a write that fails.
  if (crashPoints.some(({ step }) => step === "C4")) chosen.diskFull ??= 0.005;
  return chosen;
}

function pick<Choice>(random: SeededRandom, choices: readonly Choice[]): Choice {
  return choices[random.below(choices.length)];
}
