import { input, simulate, type SimulatedRun } from "@millrace/testing/simulate";
import { expect, test } from "vitest";

import { balances, balancesInMemory, balancesOfAccounts, payments } from "./topology.ts";

// Two instances and a broker that crash, stand still and lose each other, in virtual time.
const inputs = [
  input(payments, (random) =>
    Array.from({ length: 12 }, () => [`account-${random.below(3)}`, random.below(500)] as const),
  ),
];

const invariants = {
  "balances are right": (run: SimulatedRun) => {
    const expected = new Map<string | null, number>();
    for (const [account, cents] of run.input(payments).pairs())
      expected.set(account, (expected.get(account) ?? 0) + (cents ?? 0));
    expect(run.output(balances).table()).toEqual(expected);
  },
};

test("balances are right, whatever fails", { timeout: 60_000 }, async () => {
  await simulate(balancesOfAccounts, { inputs, invariants, seeds: 2 });
});

test("sums that are in no store are found", { timeout: 60_000 }, async () => {
  const found = simulate(balancesInMemory, { inputs, invariants });
  await expect(found).rejects.toMatchObject({
    code: "INVARIANT_VIOLATED",
    message: expect.stringContaining('violates "balances are right"'),
  });
});
