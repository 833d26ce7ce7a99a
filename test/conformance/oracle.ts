import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Outcome, Program } from "./program.ts";
import { supportedWords } from "./supported-words.ts";

export const conformanceFolder = dirname(fileURLToPath(import.meta.url));

/** Kafka Streams as judge, where it lies beside the repository. */
export const oracleFolder = join(conformanceFolder, "../../../shared/apache-kafka/oracle");

const bytesMax = 1 << 30;

/** Why the oracle cannot be asked here; undefined: it can. */
export function missingForOracle(): string | undefined {
  if (!existsSync(join(oracleFolder, "oracle"))) return "../shared/apache-kafka is not here";
  for (const program of ["java", "python3"]) {
    try {
      execFileSync(program, ["--version"], { stdio: "ignore" });
    } catch {
      return `${program} is not here`;
    }
  }
  return undefined;
}

/** Programs made of what is supported here; the same for a seed. */
export function generate(seed: number, count: number): readonly Program[] {
  return generateAny(seed, count);
}

/** The generator's words do not tell all kinds of joins apart. */
function generateAny(seed: number, count: number): readonly Program[] {
  const parameters = [
    "--seed",
    `${seed}`,
    "--count",
    `${count}`,
    "--only",
    supportedWords.join(","),
  ];
  const text = execFileSync(join(oracleFolder, "generate"), parameters, {
    encoding: "utf8",
    maxBuffer: bytesMax,
  });
  return readLines<Program>(text);
}

/** What Kafka Streams makes of programs. One process keeps one core busy. */
export function judge(programs: readonly Program[]): readonly Outcome[] {
  const text = execFileSync(join(oracleFolder, "oracle"), {
    input: programs.map((program) => JSON.stringify(program)).join("\n"),
    encoding: "utf8",
    maxBuffer: bytesMax,
    stdio: ["pipe", "pipe", "ignore"],
  });
  return readLines<Outcome>(text);
}

export interface JudgedProgram {
  readonly program: Program;
  readonly outcome: Outcome;
}

/** The curated programs with Kafka's outcomes, as the oracle's folder has them. */
export function curatedPrograms(): readonly JudgedProgram[] {
  return readJudged(join(oracleFolder, "programs"), join(oracleFolder, "outcomes"));
}

/** The programs that lie in this repository, with Kafka's outcomes. */
export function committedPrograms(): readonly JudgedProgram[] {
  return readJudged(join(conformanceFolder, "programs"), join(conformanceFolder, "outcomes"));
}

function readJudged(programs: string, outcomes: string): readonly JudgedProgram[] {
  return readdirSync(programs)
    .filter((file) => file.endsWith(".jsonl"))
    .sort()
    .flatMap((file) => {
      const judged = readLines<Outcome>(readFileSync(join(outcomes, file), "utf8"));
      return readLines<Program>(readFileSync(join(programs, file), "utf8")).map(
        (program, index) => ({ program, outcome: judged[index] }),
      );
    });
}

export function readLines<T>(text: string): readonly T[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as T);
}
