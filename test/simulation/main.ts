// The seeded simulation from the command line.
//
//   npm run simulate -- --seeds 300              seeds 1 to 300; ends with 1 if one of them fails
//   npm run simulate -- --seeds 1 --from 17 --trace    one seed, with its log and the end of its trace
//   npm run simulate -- --seeds 200 --plant ack-before-fsync   until the planted bug is found
//   npm run simulate -- --seeds 50 --program session   with an application that the seeds do not draw
import { parseArgs } from "node:util";

import { Coverage } from "./coverage.ts";
import { describeFailure } from "./describe-failure.ts";
import { noPlant, plants } from "./planted/plants.ts";
import { swarmOptions } from "./swarm.ts";
import { runSeed, type SeedResult } from "./run-seed.ts";

const progressEvery = 20;
const traceLinesShown = 200;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "40" },
    from: { type: "string", default: "1" },
    plant: { type: "string" },
    program: { type: "string" },
    trace: { type: "boolean", default: false },
  },
});

const count = wholeNumber("--seeds", values.seeds);
const from = wholeNumber("--from", values.from);
const plant = plants.find(({ name }) => name === values.plant) ?? noPlant;
if (values.plant !== undefined && plant === noPlant)
  throw new Error(`--plant is one of ${plants.map(({ name }) => name).join(", ")}`);

const coverage = new Coverage();
const failed: SeedResult[] = [];
let slowestMs = 0;
const startedMs = performance.now();
const { program } = values;
for (let seed = from; seed < from + count; seed++) {
  if (plant.programs?.test(program ?? swarmOptions(seed).program) === false) continue;
  const seedStartedMs = performance.now();
  const result = await runSeed(seed, {
    plant,
    program,
    ...(values.trace
      ? {
          log: ({ timeMs, process, level, event, fields }) =>
            console.log(timeMs.toFixed(3), process, level, event, fields ?? ""),
        }
      : {}),
  });
  slowestMs = Math.max(slowestMs, performance.now() - seedStartedMs);
  coverage.add(result);
  if (values.trace) console.log(result.traceLines.slice(-traceLinesShown).join("\n"));
  if (result.violations.length > 0) {
    failed.push(result);
    console.log(describeFailure(result, values.plant));
    if (values.plant !== undefined) break;
  }
  const done = seed - from + 1;
  if (done % progressEvery === 0 || done === count)
    console.log(`${done} of ${count} seeds, ${failed.length} failed`);
}
const tookMs = performance.now() - startedMs;
console.log(coverage.text());
console.log(
  `${coverage.seeds} seeds in ${(tookMs / 1_000).toFixed(1)} s: ` +
    `${(tookMs / coverage.seeds).toFixed(0)} ms each, the slowest ${slowestMs.toFixed(0)} ms`,
);
if (failed.length > 0)
  console.log(`failed: ${failed.map(({ options }) => options.seed).join(", ")}`);
process.exit(failed.length === 0 ? 0 : 1);

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`${name} is ${text}; give a whole number`);
}
