export type { SimulatedFault } from "./plan/planned-fault.ts";
export {
  input,
  type InputEntry,
  type InputRecord,
  type InputSource,
  type SimulatedInput,
  type TopicSerdes,
} from "./plan/simulated-input.ts";
export type { Invariant, Invariants } from "./run-settings.ts";
export { simulate, type SimulationReport } from "./simulate.ts";
export type { SimulatedApp } from "./simulated-app.ts";
export type { SimulateOptions } from "./simulate-options.ts";
export { SimulatedRun } from "./simulated-run.ts";
export { SimulatedTopic, type SimulatedRecord } from "./simulated-topic.ts";
export { SimulationError, type SimulationErrorCode } from "./simulation-error.ts";
export { SimulatedWorld } from "./world/simulated-world.ts";
