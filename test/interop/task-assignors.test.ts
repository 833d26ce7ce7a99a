import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { SeededRandom } from "@millrace/platform";
import { expect, test } from "vitest";

import {
  answerOf,
  randomGroup,
  type AssignorAnswer,
} from "../../packages/streams/test-support/assignor-groups.ts";
import { apacheKafkaFolder, missingFor } from "./apache-kafka.ts";
import { seedOfRun } from "../crash/seeded-random.ts";

/*
 * The task assignors of Kafka Streams, in Java, and ours: high availability, sticky and fallback, with standbys, warm-ups,
 * client tags and racks, down to the last tie. `assignors.vectors.jsonl` of packages/streams is a sample of the answers.
 */

const missing = missingFor("javac");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const groupCount = 2000;
const program = fileURLToPath(new URL("java/TaskAssignors.java", import.meta.url));

test.skipIf(missing !== undefined)(
  `tasks of ${groupCount} random groups go where Kafka's assignors send them${note}`,
  { timeout: 300_000 },
  () => {
    const seed = seedOfRun();
    const random = new SeededRandom(seed);
    const groups = Array.from({ length: groupCount }, () =>
      randomGroup((bound) => random.below(bound)),
    );
    const library = execFileSync(join(apacheKafkaFolder, "get"), { encoding: "utf8" }).trim();
    const output = execFileSync("java", ["-cp", `${library}/*`, program], {
      input: groups.map((group) => `${JSON.stringify(group)}\n`).join(""),
      encoding: "utf8",
      maxBuffer: 2 ** 30,
      stdio: ["pipe", "pipe", "ignore"],
    });
    const answers = output
      .trim()
      .split("\n")
      .map((line): AssignorAnswer => JSON.parse(line));
    expect(answers).toHaveLength(groupCount);
    for (const [index, group] of groups.entries())
      expect(
        answerOf(group),
        `MILLRACE_SEED=${seed}, group ${index}: ${JSON.stringify(group)}`,
      ).toEqual(answers[index]);
  },
);
