import type { StreamsOptions, Topology } from "@millrace/streams";

import type { SimulatedRun } from "./simulated-run.ts";
import type { SimulatedWorld } from "./world/simulated-world.ts";

/** Something that must hold: it throws where it does not, or says what is wrong. */
export type Invariant = (run: SimulatedRun) => Promise<Complaint> | Complaint;
type Complaint = string | undefined | void;

export type Invariants = Readonly<Record<string, Invariant>>;

/** What all runs of a simulation have in common. */
export interface RunSettings {
  readonly build: (world: SimulatedWorld) => Topology;
  readonly options: Partial<StreamsOptions>;
  readonly instances: readonly string[];
  readonly settleMs: number;
  /** Partition counts of topics that are there from the start. */
  readonly topics: ReadonlyMap<string, number>;
  /** All that is read, with what the application makes for itself. */
  readonly watched: readonly string[];
  /** Whose records a history tells. */
  readonly outputs: ReadonlySet<string>;
  /** Topics that tasks read. */
  readonly sources: ReadonlySet<string>;
  readonly invariants: Invariants;
  readonly always: Invariants;
  readonly signal: AbortSignal | undefined;
}
