import type { Platform } from "@millrace/platform";
import type { TopicPartition } from "@millrace/model";
import type { SimulatedProcess, Simulator } from "@millrace/simulator";

import type { History } from "./history.ts";
import type { PlantMemory } from "./planted/broken-clusters.ts";
import type { Plant } from "./planted/plants.ts";
import type { EndedParts } from "./processes/ended-parts.ts";
import type { StoreAnswers } from "./processes/store-answers.ts";
import type { SimulatedProgram } from "./programs/simulated-program.ts";
import type { LoaderKind, SwarmOptions } from "./swarm.ts";

/** What clocks show at the start: 2026-01-01 UTC. */
export const startWallMs = 1_767_225_600_000;

/** What the programs of a simulation share with the harness. */
export interface SimulationContext {
  readonly options: SwarmOptions;
  readonly program: SimulatedProgram;
  /** All that is read and judged: inputs, what lies between, state, outputs. */
  readonly watched: readonly TopicPartition[];
  /** Topics that its tasks read. */
  readonly inputs: ReadonlySet<string>;
  readonly plant: Plant;
  readonly plantMemory: PlantMemory;
  readonly simulator: Simulator;
  readonly ended: EndedParts;
  /** All but those that judge. */
  readonly processes: SimulatedProcess[];
  readonly history: History;
  /** Attempts that each loader has still to make; survives its deaths. */
  readonly remaining: Map<LoaderKind, number>;
  readonly progress: Progress;
  /** Crash steps in which a process died, by step. */
  readonly deaths: Map<string, number>;
  /** Undefined: nobody asks the stores of the application. */
  readonly answers: StoreAnswers | undefined;
}

/** What the observer found out last; the harness waits for it. */
export interface Progress {
  /** True once no more faults come. */
  isHealed: boolean;
  /** True: all that was to come of the input has come, or nobody waits for it any more. */
  isOver: boolean;
  /** Aborts once all has been judged: everything ends. */
  readonly ending: AbortController;
  /** True: the lines that end the load are being written. */
  isClosing: boolean;
  /** Instances closed in the middle of a commit. */
  closesInCommit: number;
  /** The observer has read all that there was when it last looked, after the load had ended, and no transaction was open. */
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
