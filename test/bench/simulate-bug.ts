// What it costs to find a user's bug by `simulate`, with its defaults: node test/bench/simulate-bug.ts
// The bug: sums in a variable beside the stores, which are lost with the instance.
import { input, simulate, SimulationError } from "@millrace/testing/simulate";

import { balances, balancesInMemory, payments } from "../../examples/tested/src/topology.ts";

const cpuBefore = process.cpuUsage();
const beginMs = performance.now();
let runs = 0;
try {
  await simulate(balancesInMemory, {
    inputs: [
      input(payments, (random) =>
        Array.from(
          { length: 12 },
          () => [`account-${random.below(3)}`, random.below(500)] as const,
        ),
      ),
    ],
    invariants: {
      "balances are right": (run) => {
        runs += 1;
        const expected = new Map<string, number>();
        for (const [account, cents] of run.input(payments).pairs())
          expected.set(account ?? "", (expected.get(account ?? "") ?? 0) + (cents ?? 0));
        const found = run.output(balances).table();
        for (const [account, cents] of expected)
          if (found.get(account) !== cents) return `${account} has ${found.get(account)}`;
        return undefined;
      },
    },
  });
  throw new Error("nothing was found");
} catch (error) {
  if (!(error instanceof SimulationError)) throw error;
  const { user, system } = process.cpuUsage(cpuBefore);
  console.log(error.message);
  console.log(
    `found and shortened by ${runs} runs: ${((user + system) / 1e6).toFixed(1)} s of the processor, ${((performance.now() - beginMs) / 1000).toFixed(1)} s by the clock`,
  );
}
