import { describe, expect, test } from "vitest";

import { Coverage } from "./coverage.ts";
import { describeFailure } from "./describe-failure.ts";
import { plants, type Plant } from "./planted/plants.ts";
import { programNames } from "./programs/all-programs.ts";
import { runSeed, type SeedResult } from "./run-seed.ts";
import { plantSeeds, verifiedOnly, regressionSeeds, type World } from "./seeds.ts";
import { swarmOptions } from "./swarm.ts";

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const seedCount = isVerify ? 300 : 5;
const plantSeedsMax = 200;
/** A planted world that does not heal is given up after so much virtual time; without its bug it needs less. */
const plantHealingMsMax = 10_000;
/** Of the processor, per seed, on average: how long that is depends on who else is at work. */
const seedMsMax = 500;
const chunk = Math.min(seedCount, 20);

const coverage = new Coverage();
let cpuMs = 0;
/** Of the worlds in which nothing is planted, each of which is the same whenever it is run. */
const results = new Map<string, SeedResult>();

async function resultOf({ seed, program }: World): Promise<SeedResult> {
  const name = `${seed} ${program ?? ""}`;
  const known = results.get(name);
  if (known !== undefined) return known;
  const before = process.cpuUsage();
  const result = await runSeed(seed, { program });
  const { user, system } = process.cpuUsage(before);
  cpuMs += (user + system) / 1_000;
  coverage.add(result);
  results.set(name, result);
  return result;
}

async function expectNoViolation(world: World): Promise<void> {
  const result = await resultOf(world);
  expect(result.violations, describeFailure(result)).toEqual([]);
}

describe("the invariants hold, whatever fails", () => {
  for (let first = 1; first <= seedCount; first += chunk) {
    test(`seeds ${first} to ${first + chunk - 1}`, { timeout: 120_000 }, async () => {
      for (let seed = first; seed < first + chunk; seed++) await expectNoViolation({ seed });
    });
  }

  const drawn = new Set(Array.from({ length: seedCount }, (_, i) => swarmOptions(i + 1).program));
  test.each(isVerify ? programNames.filter((name) => !drawn.has(name)) : [])(
    "%s, which none of these seeds has drawn",
    { timeout: 120_000 },
    async (program) => {
      for (let seed = 1; seed <= chunk; seed++) await expectNoViolation({ seed, program });
    },
  );

  test.runIf(isVerify)("a seed takes at most half a second", () => {
    expect(cpuMs / coverage.seeds).toBeLessThan(seedMsMax);
  });

  test.runIf(isVerify)("every program, every fault, and every crash step, was hit", () => {
    console.log(coverage.text());
    expect(coverage.missing(), coverage.text()).toEqual([]);
  });

  test.each(
    regressionSeeds.filter(({ seed, program }) => seed > seedCount || program !== undefined),
  )("seed $seed: $found", expectNoViolation);
});

test("two runs of a seed leave the same trace", { timeout: 120_000 }, async () => {
  for (const seed of isVerify ? [2, 7, 11, 19, 100, 200] : [5]) {
    const [first, second] = [await resultOf({ seed }), await runSeed(seed)];
    expect(second.traceHash).toBe(first.traceHash);
    expect(second.events).toBe(first.events);
  }
});

describe("a planted bug is found", () => {
  test.each(isVerify ? plants : plants.filter(({ name }) => !verifiedOnly.has(name)))(
    "$name, from its recorded seed on, and gone without it",
    { timeout: 120_000 },
    async (plant) => {
      const world = await firstThatFinds(plant, plantSeeds[plant.name]);
      expect(world.seed).toBeLessThan(Infinity);
      await expectNoViolation(world);
      expect((await resultOf(world)).healingMs).toBeLessThan(plantHealingMsMax);
    },
  );

  test.runIf(isVerify).each(plants)(
    `$name, within ${plantSeedsMax} seeds`,
    { timeout: 300_000 },
    async (plant) => {
      const { seed } = await firstThatFinds(plant, { seed: 1 });
      expect(seed).toBeLessThanOrEqual(plantSeedsMax);
    },
  );
});

/** Where it does nothing a seed is as it is without it. */
async function firstThatFinds(plant: Plant, { seed: from, program }: World): Promise<World> {
  const options = { plant, program, healingMsMax: plantHealingMsMax, endsWhenViolated: true };
  for (let seed = from; seed < from + plantSeedsMax; seed++) {
    if (plant.programs?.test(program ?? swarmOptions(seed).program) === false) continue;
    const { violations } = await runSeed(seed, options);
    if (violations.length > 0) return { seed, program };
  }
  return { seed: Infinity };
}
