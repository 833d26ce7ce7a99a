import type { VirtualMemoryPlatform } from "@millrace/platform/memory";
import type { ProcessOptions } from "./process/process-options.ts";
import { Simulator } from "./simulator.ts";
import type { SimulatorOptions } from "./simulator-options.ts";

export interface SimulatedPlatform extends VirtualMemoryPlatform {
  readonly simulator: Simulator;
}

/**
 * A simulation of one process, as a platform: for tests of one component under faults.
 *
 * @example
 * const platform = simulatedPlatform({ seed: 1, drain: drainTurn, faults: { fsyncError: 0.1 } });
 * await platform.until(writeLog(platform));
 */
export function simulatedPlatform(
  options: SimulatorOptions & Omit<ProcessOptions, "start">,
): SimulatedPlatform {
  const simulator = new Simulator(options);
  const { platform } = simulator.process("main", options);
  return {
    ...platform,
    simulator,
    run: () => simulator.run(),
    advance: (durationMs) => simulator.advance(durationMs),
    until: (work) => simulator.until(work),
  };
}
