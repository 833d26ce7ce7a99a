import { describe, expect, test } from "vitest";

import { differences } from "./compare.ts";
import { differenceOf } from "./deliberate-differences.ts";
import {
  committedPrograms,
  curatedPrograms,
  generate,
  judge,
  missingForOracle,
  type JudgedProgram,
} from "./oracle.ts";
import { runProgram } from "./run-program.ts";

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const curatedCount = 623;
/** Else a sample of them: the curated ones are all that is known to be hard. */
const generatedCount = isVerify ? 160 : 40;
const freshCount = 2000;
const freshSeed = 42;

const missing: string | undefined = isVerify ? missingForOracle() : "runs under `npm run verify`";
const note = missing === undefined ? "" : ` (skipped: ${missing})`;

interface Verdict {
  readonly ran: number;
  readonly equal: number;
  readonly different: readonly unknown[];
}

async function verdictOn(programs: readonly JudgedProgram[]): Promise<Verdict> {
  let equal = 0;
  let excused = 0;
  const different: unknown[] = [];
  for (const { program, outcome } of programs) {
    const found = differences(outcome, await runProgram(program));
    const expected = differenceOf({ program, outcome }, found);
    if (found.length > 0 && expected === "possible") excused += 1;
    const isRare = excused <= 1 + programs.length / 500;
    if (expected === "possible" ? isRare : found.length > 0 === (expected === "sure")) equal += 1;
    else if (different.length < 5) different.push({ name: program.name, found });
  }
  return { ran: programs.length, equal, different };
}

describe("a program gives Kafka Streams' outcome", () => {
  const all = committedPrograms();
  const isGenerated = ({ program }: JudgedProgram): boolean => program.name.startsWith("random/");

  test(`DRIVER-2: ${curatedCount} curated programs`, { timeout: 120_000 }, async () => {
    const verdict = await verdictOn(all.filter((judged) => !isGenerated(judged)));
    expect(verdict).toEqual({ ran: curatedCount, equal: curatedCount, different: [] });
  });

  test(`${generatedCount} generated programs`, { timeout: 120_000 }, async () => {
    const generated = all.filter(isGenerated);
    const step = Math.floor(generated.length / generatedCount);
    const verdict = await verdictOn(generated.filter((_, index) => index % step === 0));
    expect(verdict).toEqual({ ran: generatedCount, equal: generatedCount, different: [] });
  });

  test.skipIf(missing !== undefined)(
    `${freshCount} programs generated now, judged now${note}`,
    { timeout: 600_000 },
    async () => {
      const programs = generate(freshSeed, freshCount);
      const outcomes = judge(programs);
      const verdict = await verdictOn(
        programs.map((program, index) => ({ program, outcome: outcomes[index] })),
      );
      expect(verdict).toEqual({ ran: freshCount, equal: freshCount, different: [] });
    },
  );

  test.skipIf(missing !== undefined)(`no curated program of the oracle is left out${note}`, () => {
    const curated = curatedPrograms();
    const committed = new Set(all.map(({ program }) => JSON.stringify(program)));
    const absent = curated.filter(({ program }) => !committed.has(JSON.stringify(program)));
    expect(absent.map(({ program }) => program.name)).toEqual([]);
    expect(curated).toHaveLength(curatedCount);
  });
});

describe("the comparison", () => {
  test("a program that does not end is answered as the oracle does", async () => {
    const program = {
      name: "p",
      program: [
        { let: "s", op: "stream", topics: ["L"], key: "string", value: "string" },
        { op: "to", on: "s", topic: "L" },
      ],
      steps: [{ pipe: "L", key: "a", value: "b", ts: 1 }],
    };
    expect(await runProgram(program)).toEqual({
      name: "p",
      badProgram: "produces more than 20000 records",
    });
  });

  test("a difference is seen", () => {
    const outcome = {
      name: "p",
      steps: [{ out: [{ topic: "o", key: "61", value: null, ts: 1 }] }],
    };
    const other = { name: "p", steps: [{ out: [{ topic: "o", key: "61", value: null, ts: 2 }] }] };
    expect(differences(outcome, outcome)).toEqual([]);
    expect(differences(outcome, other)).toMatchObject([{ where: "step 0 o" }]);
  });
});
