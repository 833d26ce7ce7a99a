// Writes the programs that lie in this repository, with Kafka's outcomes, anew: every curated program of the
// oracle that needs nothing unsupported, and generated ones. Needs the oracle beside the repository.
//
//   node test/conformance/record.ts
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { withoutReadable } from "./compare.ts";
import {
  conformanceFolder,
  curatedPrograms,
  generate,
  judge,
  type JudgedProgram,
} from "./oracle.ts";
import { asObject, asText, type Outcome, type Program } from "./program.ts";

const seed = 4;
const generatedCount = 140;

const generated = judged(generate(seed, generatedCount));
const smallCaches = judged(
  generate(seed + 1, 2000)
    .filter(searchesSmallCaches)
    .slice(0, 20),
);
const themes = new Map<string, JudgedProgram[]>();
for (const curated of curatedPrograms()) {
  const [theme] = curated.program.name.split("/");
  const list = themes.get(theme) ?? [];
  themes.set(theme, [...list, curated]);
}
themes.set("generated", generated);
themes.set("small-caches", smallCaches);

for (const folder of ["programs", "outcomes"]) {
  rmSync(join(conformanceFolder, folder), { recursive: true, force: true });
  mkdirSync(join(conformanceFolder, folder));
}
for (const [theme, programs] of themes) {
  write(
    join("programs", theme),
    programs.map(({ program }) => program),
  );
  write(
    join("outcomes", theme),
    programs.map(({ outcome }) => lean(outcome)),
  );
}

function judged(programs: readonly Program[]): JudgedProgram[] {
  const outcomes = judge(programs);
  return programs.map((program, index) => ({ program, outcome: outcomes[index] }));
}

/** Which entries leave a small cache depends on every search. */
function searchesSmallCaches({ config = {}, program }: Program): boolean {
  return (
    Number(config["cacheBytes"] ?? Infinity) <= 1000 &&
    program.some((statement) =>
      ["session", "sliding"].includes(asText(asObject(statement["window"])["kind"])),
    )
  );
}

/** Without what may be left out. */
function lean(outcome: Outcome): Outcome {
  if (outcome.stores === undefined) return outcome;
  const stores = Object.entries(outcome.stores).map(([name, store]) => [
    name,
    withoutReadable(store),
  ]);
  return { ...outcome, stores: Object.fromEntries(stores) as Outcome["stores"] & {} };
}

function write(name: string, values: readonly unknown[]): void {
  const text = values.map((value) => `${JSON.stringify(value)}\n`).join("");
  writeFileSync(join(conformanceFolder, `${name}.jsonl`), text);
}
