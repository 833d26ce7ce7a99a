import { SeededRandom } from "@millrace/platform";

import { drawFaults } from "./draw-faults.ts";
import type { PlannedFault, SimulatedFault } from "./planned-fault.ts";
import { partitionOf, type DrawnRecord, type SimulatedInput } from "./simulated-input.ts";

/** What clocks show at the start: 2026-01-01 UTC. */
export const startWallMs = 1_767_225_600_000;

/** A record that is due at a time. */
export interface PlannedSend extends DrawnRecord {
  readonly topic: string;
  readonly partition: number;
  readonly atMs: number;
  readonly timestamp: number;
}

/** All that a seed decides about a run; what is left out of it does not happen. */
export interface RunPlan {
  readonly seed: number;
  readonly sends: readonly PlannedSend[];
  readonly faults: readonly PlannedFault[];
}

export interface PlanSettings {
  readonly inputs: readonly SimulatedInput[];
  readonly faults: readonly SimulatedFault[];
  readonly instances: readonly string[];
  readonly durationMs: number;
  readonly partitionsOf: (topic: string) => number;
}

export function drawPlan(seed: number, settings: PlanSettings): RunPlan {
  const { inputs, faults: kinds, instances, durationMs, partitionsOf } = settings;
  const random = new SeededRandom(seed);
  const inputRandom = random.fork();
  const faultRandom = random.fork();
  const sends = inputs.flatMap((one) => {
    const records = one.draw(inputRandom.fork());
    const times = records.map(() => inputRandom.fraction() * durationMs);
    times.sort((left, right) => left - right);
    return records.map((record, index): PlannedSend => {
      const atMs = Math.round(times[index]);
      const partition = partitionOf(record, index, partitionsOf(one.topic));
      const timestamp = record.timestamp ?? startWallMs + atMs;
      return { ...record, topic: one.topic, partition, atMs, timestamp };
    });
  });
  // Stable: within an input the order is that of its records.
  sends.sort((left, right) => left.atMs - right.atMs);
  const sendTimes = sends.map(({ atMs }) => atMs);
  const faults = drawFaults(faultRandom, { kinds, instances, durationMs, sendTimes });
  return { seed, sends, faults };
}
