import { expect, test } from "vitest";

import { showingUncommitted } from "../simulation/planted/broken-queries.ts";
import { StoreAnswers } from "../simulation/processes/store-answers.ts";
import { wordsTopic, wordStoreName } from "../simulation/programs/word-topics.ts";
import { runSeed } from "../simulation/run-seed.ts";

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const first = Number(process.env["SEED"] ?? 1);
const count = isVerify ? 100 : 1;
/** A planted bug is found within so many. */
const plantSeedsMax = 20;

test("under faults of all kinds each answer is the table at its position, whoever tells it", async () => {
  let compared = 0;
  for (let seed = first; seed < first + count; seed++) {
    const answers = new StoreAnswers(wordStoreName, wordsTopic);
    const { violations } = await runSeed(seed, { program: "word-count", answers });
    const where = `SEED=${seed} vitest run test/queries/simulated-queries.test.ts`;
    expect(answers.problems, where).toEqual([]);
    expect(violations, where).toEqual([]);
    compared += answers.compared;
  }
  expect(compared).toBeGreaterThan(10 * count);
}, 600_000);

test("queries that see what is not committed are found", async () => {
  const plant = { name: "none", install: showingUncommitted } as const;
  for (let seed = 1; seed <= plantSeedsMax; seed++) {
    const answers = new StoreAnswers(wordStoreName, wordsTopic);
    await runSeed(seed, { program: "word-count", answers, plant });
    if (answers.problems.length > 0) return;
  }
  expect.unreachable(`none of ${plantSeedsMax} seeds told of it`);
}, 600_000);
