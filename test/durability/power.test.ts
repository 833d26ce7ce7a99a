import { describe, expect, test } from "vitest";

import { simulate } from "./simulate.ts";

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const seedCount = isVerify ? Number(process.env["MILLRACE_SEEDS"] ?? 1000) : 2;
const first = Number(process.env["MILLRACE_SEED"] ?? 1);

describe.each(["group", "strict"] as const)("where power fails, under %s", (durability) => {
  test(
    `nothing acknowledged is lost, doubled or reused: seeds ${first} to ${first + seedCount - 1}`,
    { timeout: 2_700_000 },
    async () => {
      let [acked, powerLosses] = [0, 0];
      for (let seed = first; seed < first + seedCount; seed++) {
        const run = await simulate(seed, durability);
        expect(run.violations.slice(0, 5), `MILLRACE_SEED=${seed}`).toEqual([]);
        acked += run.acked;
        powerLosses += run.powerLosses;
      }
      console.log(`${seedCount} seeds, ${powerLosses} losses of power, ${acked} acknowledged`);
      expect(acked).toBeGreaterThan(seedCount);
    },
  );
});
