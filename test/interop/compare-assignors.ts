import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { SeededRandom, type Random } from "@millrace/platform";
import { expect } from "vitest";

import { seedOfRun } from "../crash/seeded-random.ts";
import { apacheKafkaFolder } from "./apache-kafka.ts";

/** Assignors that are asked in Java and here. */
export interface ComparedAssignors<Group> {
  /** In `java/`: reads a group of JSON a line, and writes its answer. */
  readonly program: string;
  readonly count: number;
  readonly draw: (below: Random["below"]) => Group;
  readonly answerOf: (group: Group) => unknown;
}

/** Asks Kafka's own code, and ours, about random groups: the answers are equal, down to the last tie. */
export function expectEqualAssignments<Group>({
  program,
  count,
  draw,
  answerOf,
}: ComparedAssignors<Group>): void {
  const seed = seedOfRun();
  const random = new SeededRandom(seed);
  const groups = Array.from({ length: count }, () => draw((bound) => random.below(bound)));
  const library = execFileSync(join(apacheKafkaFolder, "get"), { encoding: "utf8" }).trim();
  const path = fileURLToPath(new URL(`java/${program}`, import.meta.url));
  const output = execFileSync("java", ["-cp", `${library}/*`, path], {
    input: groups.map((group) => `${JSON.stringify(group)}\n`).join(""),
    encoding: "utf8",
    maxBuffer: 2 ** 30,
    stdio: ["pipe", "pipe", "ignore"],
  });
  const answers = output.trim().split("\n");
  expect(answers).toHaveLength(count);
  for (const [index, group] of groups.entries()) {
    const place = `MILLRACE_SEED=${seed}, group ${index}: ${JSON.stringify(group)}`;
    expect(answerOf(group), place).toEqual(JSON.parse(answers[index]));
  }
}
