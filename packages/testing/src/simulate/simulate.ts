import { Topology } from "@millrace/streams";

import { historyText } from "./history-text.ts";
import { drawPlan, type PlanSettings, type RunPlan } from "./plan/run-plan.ts";
import { faultText, type SimulatedFault } from "./plan/planned-fault.ts";
import { shrink } from "./plan/shrink.ts";
import { runPlanOnce, type RunResult, type RunSettings } from "./run-plan-once.ts";
import {
  checkedOptions,
  type ResolvedSimulation,
  type SimulateOptions,
} from "./simulate-options.ts";
import { SimulationError } from "./simulation-error.ts";
import type { SimulatedWorld } from "./world/simulated-world.ts";
import { applicationId } from "./world/simulation-context.ts";

/** A topology, or what makes one for each start of an instance. */
export type SimulatedApp = Topology | ((world: SimulatedWorld) => Topology);

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
    if (violation !== undefined) throw await violated(plan, result, { settings, resolved });
    for (const { kind } of plan.faults) faults[kind] = (faults[kind] ?? 0) + 1;
    records += plan.sends.length;
    virtualMs += result.virtualMs;
  }
  return { seeds: resolved.seeds.length, records, faults, virtualMs };
}

function settingsOf(app: SimulatedApp, resolved: ResolvedSimulation): RunSettings {
  const build = typeof app === "function" ? app : () => app;
  // Asked for its topics alone: it does nothing yet.
  const topology: unknown = build(resolved.worldOfNobody);
  if (!(topology instanceof Topology))
    throw new SimulationError(
      "INVALID_ARGUMENT",
      "simulate takes a topology, or a function that gives one; builder.build() gives one",
    );
  const parts = topology.subtopologies(applicationId);
  const sources = new Set(parts.flatMap(({ sourceTopics }) => sourceTopics));
  const internal = new Set(parts.flatMap((part) => part.repartitionTopics.map(({ name }) => name)));
  const inputs = new Set(resolved.inputs.map(({ topic }) => topic));
  const { deadLetterTopic } = resolved.options;
  const names = [
    ...inputs,
    ...sources,
    ...parts.flatMap(({ sinkTopics }) => sinkTopics),
    ...topology.globalStores.flatMap(({ source }) => source.topics),
    ...(deadLetterTopic === undefined ? [] : [deadLetterTopic]),
  ].filter((name) => !internal.has(name));
  const topics = new Map(names.map((name) => [name, resolved.partitions]));
  for (const [name, count] of Object.entries(resolved.topics)) topics.set(name, count);
  return {
    build,
    options: resolved.options,
    instances: Array.from({ length: resolved.instances }, (_, index) => `app-${index + 1}`),
    settleMs: resolved.settleMs,
    topics,
    watched: [...new Set([...topics.keys(), ...internal])],
    outputs: new Set([...topics.keys()].filter((name) => !inputs.has(name))),
    sources,
    invariants: resolved.invariants,
    always: resolved.always,
  };
}

/** The shortest history that can be found, told. */
async function violated(
  plan: RunPlan,
  found: RunResult,
  { settings, resolved }: { readonly settings: RunSettings; readonly resolved: ResolvedSimulation },
): Promise<SimulationError> {
  const invariant = found.history.violation?.invariant;
  let shown = found;
  const { plan: shortest, runs } = await shrink(plan, {
    runsMax: resolved.shrinkRunsMax,
    fails: async (candidate) => {
      const result = await runPlanOnce(candidate, settings);
      const fails = result.history.violation?.invariant === invariant;
      if (fails) shown = result;
      return fails;
    },
  });
  const { history, read } = shown;
  const told = history.violation;
  const text = [
    `seed ${plan.seed} violates "${told?.invariant}": ${told?.message}`,
    "",
    `The shortest history that was found, with ${shortest.faults.length} of ${plan.faults.length} faults and ${shortest.sends.length} of ${plan.sends.length} records (${runs} runs tried):`,
    historyText(history, { read, outputs: settings.outputs }),
    "",
    `To run it again: seeds: [${plan.seed}]. Its faults: ${shortest.faults.map(faultText).join("; ") || "none"}.`,
  ].join("\n");
  return new SimulationError(
    "INVARIANT_VIOLATED",
    text,
    { seed: plan.seed, ...(invariant === undefined ? {} : { invariant }) },
    { cause: told?.cause },
  );
}
