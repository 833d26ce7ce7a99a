import { drainTurn } from "@millrace/platform/node";
import { Simulator, type SimulatedProcess } from "@millrace/simulator";

import { LivingRun } from "./living-run.ts";
import { startWallMs, type RunPlan } from "./plan/run-plan.ts";
import type { TopicSerdes } from "./plan/simulated-input.ts";
import type { RunSettings } from "./run-settings.ts";
import { SimulatedRun } from "./simulated-run.ts";
import { RunHistory } from "./world/run-history.ts";
import type { SimulationContext } from "./world/simulation-context.ts";

export interface RunResult {
  readonly history: RunHistory;
  readonly read: ReadonlyMap<string, TopicSerdes<unknown, unknown>>;
  readonly virtualMs: number;
}

/** One run of a plan: faults for a while, then none, and then the invariants are asked. */
export async function runPlanOnce(plan: RunPlan, settings: RunSettings): Promise<RunResult> {
  const simulator = new Simulator({
    seed: plan.seed,
    drain: drainTurn,
    startWallMs,
    times: { restartMs: [5, 300], delayMs: [5, 300] },
  });
  const history = new RunHistory(() => simulator.nowMs);
  const context: SimulationContext = {
    simulator,
    plan,
    history,
    build: settings.build,
    options: settings.options,
    topics: settings.watched,
    sources: settings.sources,
    instances: new Map(),
    progress: { startMs: 0, isHealed: false, isLoaded: false, remaining: "", looks: 0 },
  };
  // Made when it is needed: what is there from the start has a part in what the seed decides.
  let asking: SimulatedProcess | undefined;
  const read = new Map<string, TopicSerdes<unknown, unknown>>();
  const run = new SimulatedRun(plan.seed, {
    history,
    topics: new Set([...settings.topics.keys(), ...settings.watched]),
    living: {
      apps: () => [...context.instances.values()].map(({ app }) => app),
      now: () => simulator.nowMs,
      sleep: (durationMs) => {
        asking ??= simulator.process("invariants");
        return asking.platform.timers.sleep(durationMs);
      },
    },
    read,
  });
  const live = new LivingRun(context, settings, run);
  await live.start();
  await live.suffer();
  await live.converge();
  await live.judge(settings.invariants);
  return { history, read, virtualMs: simulator.nowMs };
}
