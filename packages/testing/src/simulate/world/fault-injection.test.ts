import { Simulator } from "@millrace/simulator";
import { drainTurn } from "@millrace/platform/node";
import { expect, test } from "vitest";

import type { PlannedFault, SimulatedFault } from "../plan/planned-fault.ts";
import { FaultInjection } from "./fault-injection.ts";
import { RunHistory } from "./run-history.ts";

/** Ticks that an instance counts each 10 ms of virtual time, with the faults of a plan. */
async function ticksUnder(faults: readonly PlannedFault[]): Promise<readonly number[]> {
  const simulator = new Simulator({ seed: 1, drain: drainTurn });
  const ticks: number[] = [];
  const instance = simulator.process("app-1", {
    start: async ({ timers }) => {
      for (;;) {
        await timers.sleep(10);
        ticks.push(simulator.nowMs);
      }
    },
  });
  const deeds = new FaultInjection(
    {
      simulator,
      plan: { seed: 1, sends: [], faults },
      history: new RunHistory(() => simulator.nowMs),
      instances: new Map(),
    },
    new Map([["app-1", instance]]),
  ).deeds();
  for (const deed of deeds) {
    await simulator.advance(deed.atMs - simulator.nowMs);
    deed.do();
  }
  await simulator.advance(500 - simulator.nowMs);
  return ticks;
}

function fault(kind: SimulatedFault, atMs: number, lastsMs: number): PlannedFault {
  return { kind, atMs, lastsMs, target: "app-1", byMs: 0, commit: undefined };
}

test("of two pauses at a time the one that ends first lets nothing go on", async () => {
  const ticks = await ticksUnder([fault("pause", 100, 300), fault("pause", 200, 50)]);
  const within = ticks.filter((timeMs) => timeMs > 110 && timeMs < 400);
  expect(within).toEqual([]);
  expect(ticks.at(-1)).toBeGreaterThan(400);
});

test("a pause of a process that is killed meanwhile is over with it", async () => {
  const ticks = await ticksUnder([
    fault("pause", 100, 300),
    fault("crash", 150, 0),
    fault("pause", 250, 50),
  ]);
  expect(ticks.filter((timeMs) => timeMs > 260 && timeMs < 300)).toEqual([]);
  expect(ticks.filter((timeMs) => timeMs > 310 && timeMs < 400)).not.toEqual([]);
});
