import { historyText } from "./history-text.ts";
import { faultText } from "./plan/fault-text.ts";
import type { RunPlan } from "./plan/run-plan.ts";
import { shrink } from "./plan/shrink.ts";
import { runPlanOnce, type RunResult } from "./run-plan-once.ts";
import type { RunSettings } from "./run-settings.ts";
import type { ResolvedSimulation } from "./simulate-options.ts";
import { SimulationError } from "./simulation-error.ts";

/** The shortest history that can be found, told. */
export async function shortestViolation(
  plan: RunPlan,
  found: RunResult,
  { settings, resolved }: { readonly settings: RunSettings; readonly resolved: ResolvedSimulation },
): Promise<SimulationError> {
  const invariant = found.history.violation?.invariant;
  const { signal, shrinkRunsMax } = resolved;
  let shown = found;
  const { plan: shortest, runs } = await shrink(plan, {
    runsMax: shrinkRunsMax,
    isEnded: () => signal?.aborted === true,
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
    `The shortest history that was found, with ${shortest.faults.length} of ${plan.faults.length} faults and ${shortest.sends.length} of ${plan.sends.length} records (${runs} runs tried${signal?.aborted === true ? "; the search was ended by its signal" : ""}):`,
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
