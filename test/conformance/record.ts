// Writes the programs that lie in this repository, with Kafka's outcomes, anew: every curated program of the
// oracle that needs nothing unsupported, and generated ones. Needs the oracle beside the repository.
//
//   node test/conformance/record.ts
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { withoutReadable } from "./compare.ts";
import { unsupportedNeed } from "./needs.ts";
import {
  conformanceFolder,
  curatedPrograms,
  generate,
  judge,
  type JudgedProgram,
} from "./oracle.ts";
import type { Outcome } from "./program.ts";

const seed = 4;
const generatedCount = 140;

const generated = generate(seed, generatedCount);
const outcomes = judge(generated);
const themes = new Map<string, JudgedProgram[]>();
for (const judged of curatedPrograms()) {
  if (unsupportedNeed(judged.program) !== undefined) continue;
  const [theme] = judged.program.name.split("/");
  const list = themes.get(theme) ?? [];
  themes.set(theme, [...list, judged]);
}
themes.set(
  "generated",
  generated.map((program, index) => ({ program, outcome: outcomes[index] })),
);

for (const folder of ["programs", "outcomes"]) {
  rmSync(join(conformanceFolder, folder), { recursive: true, force: true });
  mkdirSync(join(conformanceFolder, folder));
}
for (const [theme, judged] of themes) {
  write(
    join("programs", theme),
    judged.map(({ program }) => program),
  );
  write(
    join("outcomes", theme),
    judged.map(({ outcome }) => lean(outcome)),
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
