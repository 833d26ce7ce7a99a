import { expect, test } from "vitest";
import { plants } from "./plants.ts";
import { runSeed } from "./run-seed.ts";

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const first = Number(process.env["MILLRACE_SEED"] ?? 1);
const count = Number(process.env["MILLRACE_TRIALS"] ?? (isVerify ? 2000 : 8));
const plantSeedsMax = 100;

test(
  `what readers see of a compacted log is what Kafka's rules allow, seeds ${first} to ${first + count - 1}`,
  { timeout: 2_400_000 },
  async () => {
    const reached = new Set<string>();
    for (let seed = first; seed < first + count; seed++)
      try {
        for (const step of (await runSeed(seed)).keys()) reached.add(step);
      } catch (error) {
        const again = `MILLRACE_SEED=${seed} MILLRACE_TRIALS=1 npx vitest run test/compaction`;
        throw new Error(`seed ${seed}; again: ${again}`, { cause: error });
      }
    if (count >= 8) for (const step of ["C8", "C9", "C10", "C20"]) expect(reached).toContain(step);
  },
);

test.each(plants)("a planted bug is found: $name", { timeout: 120_000 }, async (plant) => {
  let seed = 1;
  while (seed <= plantSeedsMax && (await isSound(seed, plant))) seed++;
  expect(seed).toBeLessThanOrEqual(plantSeedsMax);
  if (isVerify) console.log(`${plant.name}: seed ${seed}`);
});

async function isSound(seed: number, plant: (typeof plants)[number]): Promise<boolean> {
  try {
    await runSeed(seed, plant);
    return true;
  } catch {
    return false;
  }
}
