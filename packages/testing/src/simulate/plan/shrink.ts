import type { RunPlan } from "./run-plan.ts";

/** Runs that look for a shorter history, at most. */
interface Budget {
  runs: number;
}

export interface Shrunk {
  readonly plan: RunPlan;
  readonly runs: number;
}

export interface ShrinkOptions {
  readonly fails: (plan: RunPlan) => Promise<boolean>;
  readonly runsMax: number;
  /** True: what was found by now is enough; it may turn so within a run, which then may throw. */
  readonly isEnded: () => boolean;
}

/**
 * A plan that fails as the given one does, with as few faults and records as can be found: parts are left out, large ones
 * first, as long as what is left fails.
 */
export async function shrink(
  plan: RunPlan,
  { fails, runsMax, isEnded }: ShrinkOptions,
): Promise<Shrunk> {
  const budget: Budget = { runs: 0 };
  const test = async (candidate: RunPlan): Promise<boolean> => {
    budget.runs += 1;
    try {
      return await fails(candidate);
    } catch (error) {
      if (isEnded()) return false;
      throw error;
    }
  };
  const isSpent = (): boolean => budget.runs >= runsMax || isEnded();
  let shortest = plan;
  for (;;) {
    const before = shortest;
    const { sends } = shortest;
    const faults = await fewest(
      shortest.faults,
      (left) => test({ ...plan, sends, faults: left }),
      isSpent,
    );
    const left = await fewest(sends, (kept) => test({ ...plan, faults, sends: kept }), isSpent);
    shortest = { ...plan, faults, sends: left };
    const isSame = faults.length === before.faults.length && left.length === before.sends.length;
    if (isSame || isSpent()) return { plan: shortest, runs: budget.runs };
  }
}

async function fewest<Item>(
  items: readonly Item[],
  stillFails: (kept: readonly Item[]) => Promise<boolean>,
  isSpent: () => boolean,
): Promise<readonly Item[]> {
  let kept = items;
  for (let size = kept.length; size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < kept.length && !isSpent();) {
      const without = [...kept.slice(0, start), ...kept.slice(start + size)];
      if (await stillFails(without)) kept = without;
      else start += size;
    }
  }
  return kept;
}
