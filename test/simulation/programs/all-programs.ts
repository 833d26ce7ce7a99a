import type { Random } from "@millrace/platform";

import { additionPrograms } from "./additions.ts";
import { timerPrograms } from "./held-lines.ts";
import { lookupPrograms } from "./lookups.ts";
import { pendingSerdes } from "./pending-serdes.ts";
import { regroupedPrograms } from "./regrouped-windows.ts";
import { pick, type SimulatedProgram } from "./simulated-program.ts";
import { streamJoinPrograms } from "./stream-joins.ts";
import { tablePrograms } from "./table-joins.ts";
import { windowPrograms } from "./windows.ts";
import { wordCount } from "./word-count.ts";

/** Of these one is drawn, where none of the shares below says otherwise. */
const drawn: readonly SimulatedProgram[] = [
  wordCount,
  ...windowPrograms,
  ...streamJoinPrograms,
  ...tablePrograms,
  ...lookupPrograms,
  ...timerPrograms,
  ...regroupedPrograms,
];
const programs: readonly SimulatedProgram[] = [...drawn, pendingSerdes, ...additionPrograms];

export const programNames: readonly string[] = programs.map(({ name }) => name);

/** In how many seeds of a hundred these are drawn: what they alone show takes a fault at the right moment. */
const shares = { wordCount: 18, delicate: 20, additions: 12, pending: 4 };
const drawnNames = drawn.map(({ name }) => name);
const delicate = programs.map(({ name }) => name).filter((name) => /^held-|^foreign-/.test(name));

export function chooseProgram(random: Pick<Random, "below">): string {
  const share = random.below(100);
  if (share < shares.wordCount) return wordCount.name;
  if (share >= 100 - shares.pending) return pendingSerdes.name;
  if (share >= 100 - shares.pending - shares.additions) return pick(random, additionPrograms).name;
  const isDelicate = share < shares.wordCount + shares.delicate;
  return pick(random, isDelicate ? delicate : drawnNames);
}

export function programNamed(name: string): SimulatedProgram {
  const found = programs.find((program) => program.name === name);
  if (found === undefined) throw new RangeError(`there is no program ${name}`);
  return found;
}
