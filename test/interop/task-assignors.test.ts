import { test } from "vitest";

import { answerOf, randomGroup } from "../../packages/streams/test-support/assignor-groups.ts";
import { missingFor } from "./apache-kafka.ts";
import { expectEqualAssignments } from "./compare-assignors.ts";

/*
 * The task assignors of Kafka Streams, in Java, and ours: high availability, sticky and fallback, with standbys, warm-ups,
 * client tags and racks, down to the last tie. `assignors.vectors.jsonl` of packages/streams is a sample of the answers.
 */

const missing = missingFor("javac");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const count = 2000;

test.skipIf(missing !== undefined)(
  `tasks of ${count} random groups go where Kafka's assignors send them${note}`,
  { timeout: 300_000 },
  () =>
    expectEqualAssignments({ program: "TaskAssignors.java", count, draw: randomGroup, answerOf }),
);
