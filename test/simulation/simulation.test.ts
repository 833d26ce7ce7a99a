import { describe, expect, test } from "vitest";

import { Coverage } from "./coverage.ts";
import { describeFailure } from "./describe-failure.ts";
import { plants, type Plant } from "./plants.ts";
import { runSeed } from "./run-seed.ts";
import { plantSeeds, regressionSeeds } from "./seeds.ts";

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const seedCount = isVerify ? 300 : 40;
const plantSeedsMax = 100;
/** Of the processor, per seed, on average: how long that is depends on who else is at work. */
const seedMsMax = 500;
const chunk = 20;

const coverage = new Coverage();
let cpuMs = 0;

async function expectNoViolation(seed: number): Promise<void> {
  const before = process.cpuUsage();
  const result = await runSeed(seed);
  const { user, system } = process.cpuUsage(before);
  cpuMs += (user + system) / 1_000;
  coverage.add(result);
  expect(result.violations, describeFailure(result)).toEqual([]);
}

describe("the invariants hold, whatever fails", () => {
  for (let first = 1; first <= seedCount; first += chunk) {
    test(`seeds ${first} to ${first + chunk - 1}`, { timeout: 120_000 }, async () => {
      for (let seed = first; seed < first + chunk; seed++) await expectNoViolation(seed);
    });
  }

  test.runIf(isVerify)("a seed takes at most half a second", () => {
    expect(cpuMs / coverage.seeds).toBeLessThan(seedMsMax);
  });

  test.runIf(isVerify)("every fault, and every crash step, was hit", () => {
    console.log(coverage.text());
    expect(coverage.missing(), coverage.text()).toEqual([]);
  });

  test.each(regressionSeeds.filter(({ seed }) => seed > seedCount))(
    "seed $seed: $found",
    ({ seed }) => expectNoViolation(seed),
  );
});

test("two runs of a seed leave the same trace", async () => {
  for (const seed of isVerify ? [2, 7, 11, 19, 100, 200] : [7]) {
    const [first, second] = [await runSeed(seed), await runSeed(seed)];
    expect(second.traceHash).toBe(first.traceHash);
    expect(second.events).toBe(first.events);
  }
});

describe("a planted bug is found", () => {
  test.each(plants)("$name, by its recorded seed", async (plant) => {
    const seed = plantSeeds[plant.name];
    expect((await runSeed(seed, { plant })).violations).not.toEqual([]);
    expect((await runSeed(seed)).violations).toEqual([]);
  });

  test.runIf(isVerify).each(plants)(
    `$name, within ${plantSeedsMax} seeds`,
    { timeout: 120_000 },
    async (plant) => {
      expect(await firstSeedThatFinds(plant)).toBeLessThanOrEqual(plantSeedsMax);
    },
  );
});

async function firstSeedThatFinds(plant: Plant): Promise<number> {
  for (let seed = 1; seed <= plantSeedsMax; seed++)
    if ((await runSeed(seed, { plant })).violations.length > 0) return seed;
  return Infinity;
}
