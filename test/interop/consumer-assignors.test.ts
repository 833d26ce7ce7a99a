import { test } from "vitest";

import { assignedGroup, randomGroup } from "../../packages/broker/test-support/assigned-groups.ts";
import { missingFor } from "./apache-kafka.ts";
import { expectEqualAssignments } from "./compare-assignors.ts";

/*
 * The assignors of consumer groups (KIP-848) of Kafka's broker, in Java, and ours: range and uniform, of members with equal
 * and with different topics, down to the last tie. `assignors.vectors.jsonl` of packages/broker is a sample of the answers.
 */

const missing = missingFor("javac");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const count = 3000;

test.skipIf(missing !== undefined)(
  `partitions of ${count} random consumer groups go where Kafka's assignors send them${note}`,
  { timeout: 300_000 },
  () =>
    expectEqualAssignments({
      program: "ConsumerAssignors.java",
      count,
      draw: randomGroup,
      answerOf: assignedGroup,
    }),
);
