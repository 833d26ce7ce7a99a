import { connect } from "@millrace/client";
import { nodePlatform } from "@millrace/platform/node";
import { expect, test } from "vitest";

import { ask, recordWith, register, startRegistry } from "../schemas/registry-world.ts";
import { missingFor, startApacheKafka } from "./apache-kafka.ts";

const missing = missingFor("java");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;

test.skipIf(missing !== undefined)(
  `registries keep their state on Apache Kafka, and choose a leader there${note}`,
  { timeout: 240_000 },
  async () => {
    await using kafka = await startApacheKafka();
    const first = await startRegistry(kafka.address);
    await using second = await startRegistry(kafka.address);
    expect(await register(first.url, "s", recordWith("a"))).toBe(1);
    expect(await patiently(() => register(second.url, "s", recordWith("a", "b")))).toBe(2);
    expect((await ask(second.url, "GET /subjects/s/versions")).body).toEqual([1, 2]);
    await first.close();
    expect(await patiently(() => register(second.url, "t", recordWith("c")))).toBe(3);
    expect(second.isLeader).toBe(true);

    await using client = connect(nodePlatform({ logLevel: "error" }), {
      bootstrapServers: kafka.address,
    });
    const described = await client.admin.describeTopics(["_schemas"]);
    expect(described.get("_schemas")?.partitionCount).toBe(1);
    await using third = await startRegistry(kafka.address, { groupId: "reader" });
    expect((await ask(third.url, "GET /subjects")).body).toEqual(["s", "t"]);
  },
);

/** Members rejoin while others come and go. */
async function patiently(work: () => Promise<number>): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 60 || !/\b5000[1-4]\b/.test(String(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
