import type { Random } from "@millrace/platform";

import { timerPrograms } from "./held-lines.ts";
import { lookupPrograms } from "./lookups.ts";
import { regroupedPrograms } from "./regrouped-windows.ts";
import { pick, type SimulatedProgram } from "./simulated-program.ts";
import { streamJoinPrograms } from "./stream-joins.ts";
import { tablePrograms } from "./table-joins.ts";
import { windowPrograms } from "./windows.ts";
import { wordCount } from "./word-count.ts";

const programs: readonly SimulatedProgram[] = [
  wordCount,
  ...windowPrograms,
  ...streamJoinPrograms,
  ...tablePrograms,
  ...lookupPrograms,
  ...timerPrograms,
  ...regroupedPrograms,
];

export const programNames: readonly string[] = programs.map(({ name }) => name);

/** In how many seeds of a hundred these are drawn: what they alone show takes a fault at the right moment. */
const shares = { wordCount: 18, delicate: 20 };
const delicate = programs.map(({ name }) => name).filter((name) => /^held-|^foreign-/.test(name));

export function chooseProgram(random: Pick<Random, "below">): string {
  const drawn = random.below(100);
  if (drawn < shares.wordCount) return wordCount.name;
  const isDelicate = drawn < shares.wordCount + shares.delicate;
  return pick(random, isDelicate ? delicate : programNames);
}

export function programNamed(name: string): SimulatedProgram {
  const found = programs.find((program) => program.name === name);
  if (found === undefined) throw new RangeError(`there is no program ${name}`);
  return found;
}
