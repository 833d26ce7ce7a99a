import type { Platform } from "@millrace/platform";
import type { Simulator } from "@millrace/simulator";

import type { History } from "./history.ts";
import type { Plant } from "./plants.ts";
import type { LoaderKind, SwarmOptions } from "./swarm.ts";

/** What the programs of a simulation share with the harness. */
export interface SimulationContext {
  readonly options: SwarmOptions;
  readonly plant: Plant;
  readonly simulator: Simulator;
  readonly history: History;
  /** Attempts that each loader has still to make; survives its deaths. */
  readonly remaining: Map<LoaderKind, number>;
  readonly progress: Progress;
  /** Crash steps in which a process died, by step. */
  readonly deaths: Map<string, number>;
}

/** What the observer found out last; the harness waits for it. */
export interface Progress {
  /** True once no more faults come. */
  isHealed: boolean;
  /** Instances closed in the middle of a commit. */
  closesInCommit: number;
  /** The observer has read all that there was when it last looked, and no transaction was open. */
  isCaughtUp: boolean;
  /** Loaders that have made their last attempt, and know what became of it. */
  readonly finishedLoaders: Set<LoaderKind>;
}

/** The platform of a process, with deaths at crash steps counted. */
export function watched(
  platform: Platform,
  { deaths, simulator: { steps } }: SimulationContext,
): Platform {
  return {
    ...platform,
    probe: (step) => {
      const reached = steps.get(step) ?? 0;
      try {
        platform.probe?.(step);
      } catch (error) {
        // What is dead already reaches nothing any more.
        if ((steps.get(step) ?? 0) > reached) deaths.set(step, (deaths.get(step) ?? 0) + 1);
        throw error;
      }
    },
  };
}
