import type { Platform } from "@millrace/platform";
import type { Simulator } from "@millrace/simulator";
import type { StreamsApp, StreamsOptions, Topology } from "@millrace/streams";

import type { RunPlan } from "../plan/run-plan.ts";
import type { SimulatedWorld } from "./simulated-world.ts";
import type { RunHistory } from "./run-history.ts";

/** Names the group, and the internal topics. */
export const applicationId = "simulated";

/** What the processes of a simulation share with the harness. */
export interface SimulationContext {
  readonly simulator: Simulator;
  readonly plan: RunPlan;
  readonly history: RunHistory;
  readonly build: (world: SimulatedWorld) => Topology;
  readonly options: Partial<StreamsOptions>;
  /** Inputs, outputs, and what lies between. */
  readonly topics: readonly string[];
  /** Topics that its tasks read. */
  readonly sources: ReadonlySet<string>;
  /** Those that run, by name. */
  readonly instances: Map<string, RunningInstance>;
  readonly progress: Progress;
}

export interface RunningInstance {
  readonly app: StreamsApp;
  /** Closes it; it is started again after so long. */
  readonly leave: (absenceMs: number) => void;
}

/** What the harness waits for. */
export interface Progress {
  /** Virtual time from which records are due. */
  startMs: number;
  isHealed: boolean;
  /** True: all records are written. */
  isLoaded: boolean;
  /** What the application has still to do, as of the last look; undefined: nothing. */
  remaining: string | undefined;
  /** Looks that were taken: one that began before something is no answer about it. */
  looks: number;
}

/** The platform of a process that tells when it dies in a commit. */
export function watchedPlatform(
  platform: Platform,
  name: string,
  { history }: SimulationContext,
): Platform {
  return {
    ...platform,
    probe: (step) => {
      try {
        platform.probe?.(step);
      } catch (error) {
        history.fault(`${name} is killed in a commit, ${commitPlaces[step] ?? step}`);
        throw error;
      }
    },
  };
}

const commitPlaces: Readonly<Record<string, string>> = {
  C19: "before its stores are written",
  C18: "after its stores are written",
};
