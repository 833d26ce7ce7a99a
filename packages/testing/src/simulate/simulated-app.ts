import type { Topology } from "@millrace/streams";

import type { SimulatedWorld } from "./world/simulated-world.ts";

/** A topology, or what makes one for each start of an instance. */
export type SimulatedApp = Topology | ((world: SimulatedWorld) => Topology);
