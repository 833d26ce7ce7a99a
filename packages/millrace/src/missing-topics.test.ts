import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { LogFields, Logger } from "@millrace/platform";
import { expect, test } from "vitest";

import { connect } from "./connect.ts";
import { EmbeddedCluster } from "./embedded/embedded-cluster.ts";
import { makeMissingTopics } from "./missing-topics.ts";

test("topics that are there with another number of partitions are told, and stay as they are", async () => {
  const data = await mkdtemp(join(tmpdir(), "millrace-topics-"));
  try {
    await using cluster = await EmbeddedCluster.start({ data, topics: { in: 2, same: 1 } });
    await using client = connect({ bootstrapServers: cluster.bootstrapServers });
    const told: unknown[] = [];
    const logger: Logger = {
      isEnabled: () => true,
      log: (level, event, fields?: LogFields) => told.push([level, event, fields]),
    };
    await makeMissingTopics(client.admin, { in: 4, same: 1, fresh: 3 }, { logger });
    expect(told).toEqual([
      ["warn", "millrace.topic-has-other-partitions", { topic: "in", partitions: 2, asked: 4 }],
    ]);
    const topics = await client.admin.describeTopics(["in", "fresh"]);
    expect([...topics.values()].map((one) => one.partitionCount).toSorted()).toEqual([2, 3]);
  } finally {
    await rm(data, { recursive: true });
  }
});
