import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, expect, test } from "vitest";

import { countPlainly, generateLines } from "./generate-lines.ts";
import { KillableProcess } from "./killable-process.ts";
import { scanDataFolder } from "./scan-data-folder.ts";
import { seededRandom, seedOfRun } from "./seeded-random.ts";

const isFull = process.env["MILLRACE_VERIFY"] === "1";
const { lineCount, killCount } = isFull
  ? { lineCount: 60_000, killCount: 10 }
  : { lineCount: 10_000, killCount: 2 };
const example = fileURLToPath(new URL("../../examples/word-count/src/main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "millrace-newcomer-"));
const text = join(folder, "text");
const seed = seedOfRun();
const random = seededRandom(seed);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test(
  `the example prints the same table when it was killed ${killCount} times on the way`,
  async () => {
    console.log(`seed ${seed}; again: MILLRACE_SEED=${seed} npx vitest run test/crash`);
    const lines = generateLines(lineCount);
    mkdirSync(text);
    writeFileSync(join(text, "text.md"), `${lines.join("\n\n")}\n`);
    const expected = Object.entries(countPlainly(lines)).map((row) => row.join(" "));

    // Else the last one below tells it: nobody kills that either.
    if (isFull) expect(await tableOf(start("unkilled"))).toEqual(expected);

    let killsWhileLoading = 0;
    for (let kill = 1; kill <= killCount; kill++) {
      const process = start("killed");
      // In turn: soon after something new was counted, and at any moment of the start. The first is while it loads.
      const isCounting = kill % 2 === 1;
      if (isCounting) await process.nextLine(30_000);
      const outcome = await process.killAfter(random() * (isCounting ? 20 * kill ** 2 : 1_500));
      const { recordCounts, openTransactions } = scanDataFolder(join(folder, "killed/broker"));
      const { lines: loaded = 0 } = recordCounts;
      if (outcome === "killed" && loaded < lineCount) killsWhileLoading += 1;
      console.log(
        `kill ${kill}: ${outcome}, ${loaded} lines written, ${openTransactions.length} transactions open`,
      );
    }
    expect(killsWhileLoading).toBeGreaterThan(0);
    expect(await tableOf(start("killed"))).toEqual(expected);
  },
  isFull ? 240_000 : 120_000,
);

function start(data: string): KillableProcess {
  const where = ["--data", join(folder, data), "--text", text];
  return new KillableProcess([example, ...where, "--until-done"]);
}

/** What a run that nobody kills prints after its empty line. */
async function tableOf(process: KillableProcess): Promise<readonly string[]> {
  expect(await process.exited, process.errors).toBe(0);
  const lines = process.takeLines();
  return lines.slice(lines.lastIndexOf("") + 1);
}
