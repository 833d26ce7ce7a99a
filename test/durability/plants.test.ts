import { describe, expect, test } from "vitest";

import { plants, type Plant } from "./plants.ts";
import { simulate } from "./simulate.ts";

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const seedsMax = 100;

async function firstSeedThatFinds(plant: Plant): Promise<number> {
  for (let seed = 1; seed <= seedsMax; seed++)
    if ((await simulate(seed, "group", plant)).violations.length > 0) return seed;
  return Infinity;
}

describe.runIf(isVerify)("a planted bug is found, and gone without it", () => {
  test.each(plants)("$name", { timeout: 300_000 }, async (plant) => {
    const seed = await firstSeedThatFinds(plant);
    console.log(`${plant.name}: seed ${seed}`);
    expect(seed).toBeLessThanOrEqual(seedsMax);
    expect((await simulate(seed, "group")).violations).toEqual([]);
  });
});
