import type { SimulatedFault } from "./plan/planned-fault.ts";
import { drawPlan, type PlanSettings } from "./plan/run-plan.ts";
import { runPlanOnce } from "./run-plan-once.ts";
import { settingsOf } from "./settings-of.ts";
import { shortestViolation } from "./shortest-violation.ts";
import { checkedOptions, type SimulateOptions } from "./simulate-options.ts";
import type { SimulatedApp } from "./simulated-app.ts";

/** What a simulation went through without a violation. */
export interface SimulationReport {
  readonly seeds: number;
  readonly records: number;
  readonly faults: Readonly<Partial<Record<SimulatedFault, number>>>;
  readonly virtualMs: number;
}

/**
 * Runs an application under faults: several instances of it and a bundled broker, in one process, in virtual time. Each
 * seed decides the input, the faults and their times; the same seed gives the same run. After the faults all input must be
 * processed, and the invariants must hold. Where they do not, runs with fewer faults and records are tried, and the shortest
 * history that fails is the message of the error.
 *
 * @param app a topology, or a function that builds one, which is called at each start of an instance: what it keeps outside
 *   of stores is lost with the instance, as in production
 * @throws SimulationError `INVARIANT_VIOLATED`; OptionError
 * @example
 * await simulate(() => ordersTopology(), {
 *   inputs: [input(orders, (random) => drawOrders(random))],
 *   invariants: {
 *     "each order is billed once": (run) => {
 *       expect(run.output(bills).table().size).toBe(run.input(orders).table().size);
 *     },
 *   },
 * });
 */
export async function simulate(
  app: SimulatedApp,
  options: SimulateOptions,
): Promise<SimulationReport> {
  const resolved = checkedOptions(options);
  const settings = settingsOf(app, resolved);
  const planSettings: PlanSettings = {
    inputs: resolved.inputs,
    faults: resolved.faults,
    instances: settings.instances,
    durationMs: resolved.durationMs,
    partitionsOf: (topic) => settings.topics.get(topic) ?? resolved.partitions,
  };
  const faults: Partial<Record<SimulatedFault, number>> = {};
  let [records, virtualMs] = [0, 0];
  for (const seed of resolved.seeds) {
    resolved.signal?.throwIfAborted();
    const plan = drawPlan(seed, planSettings);
    const result = await runPlanOnce(plan, settings);
    const { violation } = result.history;
    if (violation !== undefined)
      throw await shortestViolation(plan, result, { settings, resolved });
    for (const { kind } of plan.faults) faults[kind] = (faults[kind] ?? 0) + 1;
    records += plan.sends.length;
    virtualMs += result.virtualMs;
  }
  return { seeds: resolved.seeds.length, records, faults, virtualMs };
}
