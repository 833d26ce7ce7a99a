// Writes anew in which tables programs end as real applications of Kafka Streams: `application/tables.jsonl`. Each runs
// three times on Apache Kafka: undisturbed, and restarted in the middle with either guarantee; a program is kept if all
// three end alike. Needs the oracle beside the repository.
//
//   node test/conformance/record-tables.ts
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

import { connect, type ClusterClient } from "millrace";

import { startApacheKafka } from "../interop/apache-kafka.ts";
import { createTopics, Feeder } from "./application/feeder.ts";
import { tablesFile, type JudgedTables } from "./application/judged-tables.ts";
import { inputOf, placeProgram, type PlacedProgram } from "./application/placed-program.ts";
import { startJava } from "./application/processes.ts";
import { quickGroups, quickMember } from "./application/quick-groups.ts";
import { readTables, type Tables } from "./application/read-tables.ts";
import { isSuitable, tamed } from "./application/suitable.ts";
import { curatedPrograms, generate, judge } from "./oracle.ts";
import type { Program } from "./program.ts";

const seed = 11;
const generatedCount = 80;
const wanted = { curated: 40, generated: 20 };
/** Applications of one process at a time. */
const batchSize = 24;
const runMsMax = 180_000;

const folder = mkdtempSync(join(tmpdir(), "millrace-tables-"));
await using kafka = await startApacheKafka({ properties: quickGroups });
await using client = connect({ bootstrapServers: kafka.address });
try {
  const curated = spread(
    curatedPrograms()
      .filter(isSuitable)
      .map(({ program }) => program),
  );
  const tame = generate(seed, generatedCount).map(tamed);
  const outcomes = judge(tame);
  const generated = tame.filter((program, index) =>
    isSuitable({ program, outcome: outcomes[index] }),
  );
  const kept = [
    ...(await keep(curated, wanted.curated)),
    ...(await keep(generated, wanted.generated)),
  ];
  writeFileSync(tablesFile, kept.map((one) => `${JSON.stringify(one)}\n`).join(""));
  process.stderr.write(`${kept.length} programs kept\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** One of each theme after the other. */
function spread(programs: readonly Program[]): readonly Program[] {
  const seen = new Map<string, number>();
  const turns = programs.map((program) => {
    const [theme] = program.name.split("/");
    const turn = seen.get(theme) ?? 0;
    seen.set(theme, turn + 1);
    return { program, turn };
  });
  return turns.toSorted((one, other) => one.turn - other.turn).map(({ program }) => program);
}

/** The first of these that end alike in all runs. */
async function keep(programs: readonly Program[], count: number): Promise<JudgedTables[]> {
  const kept: JudgedTables[] = [];
  for (let from = 0; from < programs.length && kept.length < count; from += batchSize) {
    const batch = programs.slice(from, from + batchSize);
    const runs = await runAll(batch, `${count}-${from}`);
    for (const [index, program] of batch.entries()) {
      const [tables, ...others] = runs.map((run) => run[index]);
      const isSame = others.every((other) => isDeepStrictEqual(other, tables));
      const isEmpty = Object.values(tables).every((table) => Object.keys(table).length === 0);
      if (isSame && !isEmpty) kept.push({ program, tables });
      else process.stderr.write(`${program.name}: ${isEmpty ? "no table" : "ends differ"}\n`);
    }
  }
  return kept.slice(0, count);
}

/** Undisturbed, and restarted with either guarantee. */
async function runAll(programs: readonly Program[], id: string): Promise<readonly Tables[][]> {
  const place = (run: string, config = {}) =>
    programs.map((program, index) => placeProgram(program, `${run}-${id}-${index}`, config));
  const undisturbed = place("whole");
  const restarted = [...place("again"), ...place("exactly", { guarantee: "exactlyOnce" })];
  await createTopics(client, [...undisturbed, ...restarted]);
  await run(undisturbed, ({ program }) => inputOf(program));
  await run(restarted, ({ program }) => halves(program)[0]);
  await run(restarted, ({ program }) => halves(program)[1]);
  const all = [...undisturbed, ...restarted];
  const tables = await Promise.all(all.map((placed) => readTables(client, placed)));
  const size = programs.length;
  return [tables.slice(0, size), tables.slice(size, 2 * size), tables.slice(2 * size)];
}

function halves(
  program: Program,
): readonly [ReturnType<typeof inputOf>, ReturnType<typeof inputOf>] {
  const input = inputOf(program);
  const middle = Math.ceil(input.length / 2);
  return [input.slice(0, middle), input.slice(middle)];
}

async function run(
  programs: readonly PlacedProgram[],
  stepsOf: (placed: PlacedProgram) => ReturnType<typeof inputOf>,
): Promise<void> {
  await using java = startJava(
    programs.map(({ program }) => program),
    { bootstrap: kafka.address, state: join(folder, "state"), parameters: quickMember },
  );
  const signal = AbortSignal.any([java.failed, AbortSignal.timeout(runMsMax)]);
  await Promise.all(programs.map((placed) => feedAll(client, placed, stepsOf(placed), signal)));
  await java.stop();
}

async function feedAll(
  cluster: ClusterClient,
  placed: PlacedProgram,
  steps: ReturnType<typeof inputOf>,
  signal: AbortSignal,
): Promise<void> {
  await using feeder = new Feeder(cluster, placed);
  await feeder.feed(steps, signal);
  await feeder.allProcessed(signal);
}
