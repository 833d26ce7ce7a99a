export type { SimulatedFault } from "./plan/planned-fault.ts";
export {
  input,
  type InputEntry,
  type InputRecord,
  type InputSource,
  type SimulatedInput,
  type TopicSerdes,
} from "./plan/simulated-input.ts";
export type { Invariant, Invariants } from "./run-plan-once.ts";
export { simulate, type SimulatedApp, type SimulationReport } from "./simulate.ts";
export type { SimulateOptions } from "./simulate-options.ts";
export { SimulatedRun, SimulatedTopic, type SimulatedRecord } from "./simulated-run.ts";
export { SimulationError, type SimulationErrorCode } from "./simulation-error.ts";
export { SimulatedWorld } from "./world/simulated-world.ts";
