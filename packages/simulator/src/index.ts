export { SimulatedDisk } from "./disk/simulated-disk.ts";
export type { ProcessOptions } from "./process/process-options.ts";
export type { HeldResources, SimulatedProcess } from "./process/simulated-process.ts";
export type { SimulatedLog, SimulatedLogEntry } from "./process/trace-logger.ts";
export { simulatedPlatform, type SimulatedPlatform } from "./simulated-platform.ts";
export type { CrashPoint, SimulatorOptions, UntilOptions } from "./simulator-options.ts";
export { Simulator } from "./simulator.ts";
export type { FaultKind, FaultProbabilities, MsRange, SimulatedTimes } from "./world/fault-plan.ts";
export { ProcessKilledError } from "./world/process-killed-error.ts";
