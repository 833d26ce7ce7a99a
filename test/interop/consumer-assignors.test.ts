import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { SeededRandom } from "@millrace/platform";
import { expect, test } from "vitest";

import {
  assignedGroup,
  type AssignedGroupRow,
  randomGroup,
} from "../../packages/broker/test-support/assigned-groups.ts";
import { seedOfRun } from "../crash/seeded-random.ts";
import { apacheKafkaFolder, missingFor } from "./apache-kafka.ts";

/*
 * The assignors of consumer groups (KIP-848) of Kafka's broker, in Java, and ours: range and uniform, of members with equal
 * and with different topics, down to the last tie. `assignors.vectors.jsonl` of packages/broker is a sample of the answers.
 */

const missing = missingFor("javac");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const groupCount = 3000;
const program = fileURLToPath(new URL("java/ConsumerAssignors.java", import.meta.url));

test.skipIf(missing !== undefined)(
  `partitions of ${groupCount} random consumer groups go where Kafka's assignors send them${note}`,
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
    const answers = output.trim().split("\n");
    expect(answers).toHaveLength(groupCount);
    for (const [index, group] of groups.entries()) {
      const answer: AssignedGroupRow = JSON.parse(answers[index]);
      expect(assignedGroup(group), `MILLRACE_SEED=${seed}, group ${index}`).toEqual(answer);
    }
  },
);
