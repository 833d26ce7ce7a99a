// Writes in which tables programs end as real applications of Kafka Streams: `application/tables.jsonl`. Each runs three
// times on Apache Kafka: undisturbed, and restarted in the middle with either guarantee; a program is kept if all three
// end alike. What the file has already is not run again: without the file, all is. Needs the oracle beside the repository.
//
//   node test/conformance/record-tables.ts
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

import { connect } from "millrace";

import { startApacheKafka } from "../interop/apache-kafka.ts";
import { createTopics, Feeder } from "./application/feeder.ts";
import { judgedTables, tablesFile, type JudgedTables } from "./application/judged-tables.ts";
import {
  inputOf,
  looksByWallClock,
  placeProgram,
  type PlacedProgram,
} from "./application/placed-program.ts";
import { startJava } from "./application/processes.ts";
import { quickGroups, quickMember } from "./application/quick-groups.ts";
import { readTables, type Tables } from "./application/read-tables.ts";
import { isSuitable, tamed, withGlobalsFirst } from "./application/suitable.ts";
import { curatedPrograms, generate, judge, type JudgedProgram } from "./oracle.ts";
import type { Program } from "./program.ts";

const seed = 11;
const generatedCount = 800;
const wanted = { curated: 150, generated: 66, curatedLooking: 30, generatedLooking: 20 };
/** Applications of one process at a time. */
const batchSize = 8;
const runMsMax = 300_000;

const known: JudgedTables[] = existsSync(tablesFile) ? [...judgedTables()] : [];
const folder = mkdtempSync(join(tmpdir(), "millrace-tables-"));
await using kafka = await startApacheKafka({ properties: quickGroups });
await using client = connect({ bootstrapServers: kafka.address });
try {
  const curated = spread(curatedPrograms().flatMap(suitable));
  const tame = generate(seed, generatedCount).map(tamed);
  const outcomes = judge(tame);
  const generated = tame.filter((program, index) =>
    isSuitable({ program, outcome: outcomes[index] }),
  );
  await keep(curated.filter(looksByWallClock), wanted.curatedLooking);
  await keep(generated.filter(looksByWallClock), wanted.generatedLooking);
  await keep(curated.filter(not(looksByWallClock)), wanted.curated);
  await keep(generated.filter(not(looksByWallClock)), wanted.generated);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function not(test: (program: Program) => boolean): (program: Program) => boolean {
  return (program) => !test(program);
}

/** The program with its records in an order that suits, if it has one. */
function suitable(curated: JudgedProgram): readonly Program[] {
  if (isSuitable(curated)) return [curated.program];
  const program = withGlobalsFirst(curated.program);
  if (isDeepStrictEqual(program, curated.program)) return [];
  const [outcome] = judge([program]);
  return isSuitable({ program, outcome }) ? [program] : [];
}

/** One of each sort after the other. */
function spread(programs: readonly Program[]): readonly Program[] {
  const seen = new Map<string, number>();
  const turns = programs.map((program) => {
    const sort = program.name.replace(/-\d+$/, "");
    const turn = seen.get(sort) ?? 0;
    seen.set(sort, turn + 1);
    return { program, turn };
  });
  return turns.toSorted((one, other) => one.turn - other.turn).map(({ program }) => program);
}

/** The first of these that end alike in all runs. */
async function keep(programs: readonly Program[], count: number): Promise<void> {
  const isThere = (program: Program) =>
    known.some((one) => isDeepStrictEqual(one.program, program));
  let missing = count - programs.filter(isThere).length;
  const unknown = programs.filter((program) => !isThere(program) && canBeDivided(program));
  for (let from = 0; from < unknown.length && missing > 0; from += batchSize) {
    const batch = unknown.slice(from, from + batchSize);
    const runs = await runAll(batch, `${count}-${from}`);
    for (const [index, program] of batch.entries()) {
      const [tables, ...others] = runs.map((run) => run[index]);
      const why = whyNotKept(tables, others);
      if (why !== undefined) process.stderr.write(`${program.name}: ${why}\n`);
      else if (missing-- > 0) known.push({ program, tables });
    }
    writeFileSync(tablesFile, known.map((one) => `${JSON.stringify(one)}\n`).join(""));
  }
}

/** Something comes before the restart. */
function canBeDivided(program: Program): boolean {
  return inputOf(placeProgram(program, "app")).halves[0].length > 0;
}

function whyNotKept(tables: Tables, others: readonly Tables[]): string | undefined {
  const names = Object.keys(tables);
  if (names.every((name) => Object.keys(tables[name]).length === 0)) return "no table";
  const differs = (name: string) =>
    others.some((other) => !isDeepStrictEqual(other[name], tables[name]));
  const differing = names.filter(differs);
  return differing.length === 0 ? undefined : `${differing.join(", ")} end differently`;
}

/** Undisturbed, and restarted with either guarantee. */
async function runAll(programs: readonly Program[], id: string): Promise<readonly Tables[][]> {
  const place = (run: string, config = {}) =>
    programs.map((program, index) => placeProgram(program, `${run}-${id}-${index}`, config));
  const undisturbed = place("whole");
  const restarted = [...place("again"), ...place("exactly", { guarantee: "exactlyOnce" })];
  await createTopics(client, [...undisturbed, ...restarted]);
  await run([
    ...undisturbed.map((placed) => ({ placed, halves: [0, 1] as const })),
    ...restarted.map((placed) => ({ placed, halves: [0] as const })),
  ]);
  await run(restarted.map((placed) => ({ placed, halves: [1] as const })));
  const all = [...undisturbed, ...restarted];
  const tables = await Promise.all(all.map((placed) => readTables(client, placed)));
  const size = programs.length;
  return [tables.slice(0, size), tables.slice(size, 2 * size), tables.slice(2 * size)];
}

/** A program, and what it is fed in one process. */
interface Run {
  readonly placed: PlacedProgram;
  readonly halves: readonly (0 | 1)[];
}

async function run(runs: readonly Run[]): Promise<void> {
  const feeders = runs.map(({ placed }) => new Feeder(client, placed));
  try {
    const timeout = AbortSignal.timeout(runMsMax);
    await Promise.all(
      runs.map(async ({ placed, halves }, at) => {
        if (halves[0] === 0) await feeders[at].prepare(inputOf(placed).before, timeout);
      }),
    );
    await using java = startJava(
      runs.map(({ placed }) => placed.program),
      { bootstrap: kafka.address, state: join(folder, "state"), parameters: quickMember },
    );
    const signal = AbortSignal.any([java.failed, timeout]);
    await Promise.all(
      runs.map(async ({ placed, halves }, at) => {
        const input = inputOf(placed);
        const steps = halves.flatMap((half) => input.halves[half]);
        await feeders[at].feed(steps, signal);
        if (halves.includes(1)) await feeders[at].feedLast(input.last, signal);
        await feeders[at].allProcessed(signal);
      }),
    );
    await java.stop();
  } finally {
    await Promise.all(feeders.map((one) => one[Symbol.asyncDispose]()));
  }
}
