import type { Topology } from "@millrace/streams";

import { ProgramPlan } from "../plan-program.ts";
import type { Program } from "../program.ts";

/** What each thread of an application of a program runs. */
export default function programTopology(program: Program): Topology {
  return new ProgramPlan().build(program).topology;
}
