import { execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { connect, cooperativeStickyAssignor } from "@millrace/client";
import type { TopicPartition } from "@millrace/model";
import { nodePlatform } from "@millrace/platform/node";
import { expect, test } from "vitest";

import { apacheKafkaFolder, missingFor } from "./apache-kafka.ts";
import { startBundledBroker } from "./bundled-broker.ts";

/* Members of Kafka's cooperative assignor and of ours in one classic group, each as the one that leads. */

const missing =
  process.env["MILLRACE_VERIFY"] === "1" ? missingFor("java") : "runs with MILLRACE_VERIFY=1";
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const program = fileURLToPath(new URL("java/CooperativeConsumer.java", import.meta.url));
const patience = { timeout: 30_000, interval: 50 };

function startJava(address: string) {
  const library = execFileSync(join(apacheKafkaFolder, "get"), { encoding: "utf8" }).trim();
  const classes = ["-XX:TieredStopAtLevel=1", "-cp", `${library}/*`];
  const child = spawn("java", [...classes, program, address]);
  let text = "";
  child.stdout.on("data", (chunk) => (text += String(chunk)));
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  return {
    told: () => text.trim().split("\n"),
    stop: async () => {
      child.stdin.end("\n");
      await ended;
    },
  };
}

test.skipIf(missing !== undefined)(
  `what stays is kept by Java's consumer and by ours, whichever of them leads${note}`,
  { timeout: 120_000 },
  async () => {
    await using broker = await startBundledBroker({ "group.initial.rebalance.delay.ms": 0 });
    const platform = nodePlatform({ logLevel: "error" });
    await using client = connect(platform, { bootstrapServers: broker.address });
    await client.admin.createTopics([{ name: "t", partitionCount: 4 }]);
    const told: string[] = [];
    const tell = (what: string) => (partitions: readonly TopicPartition[]) => {
      const numbers = partitions.map(({ partition }) => partition).toSorted();
      if (numbers.length > 0) told.push([what, ...numbers].join(" "));
    };
    const first = startJava(broker.address);
    await expect.poll(() => first.told(), patience).toEqual(["assigned 0 1 2 3"]);
    const consumer = client.consumer({
      groupId: "coop",
      topics: ["t"],
      assignors: [cooperativeStickyAssignor],
      heartbeatInterval: 200,
      rebalanceListener: {
        onPartitionsAssigned: tell("assigned"),
        onPartitionsRevoked: tell("revoked"),
        onPartitionsLost: tell("lost"),
      },
    });
    const reading = (async () => {
      for await (const _ of consumer);
    })();
    await expect.poll(() => told, patience).toEqual(["assigned 2 3"]);
    expect(first.told()).toEqual(["assigned 0 1 2 3", "revoked 2 3"]);
    await first.stop();
    await expect.poll(() => told, patience).toEqual(["assigned 2 3", "assigned 0 1"]);
    const second = startJava(broker.address);
    await expect.poll(() => second.told().length > 0 && told.length, patience).toBe(3);
    await expect.poll(() => consumer.assignment.length, patience).toBe(2);
    const revoked = told[2].replace("revoked ", "");
    await expect.poll(() => second.told(), patience).toEqual([`assigned ${revoked}`]);
    expect(told).toHaveLength(3);
    await second.stop();
    await consumer.close();
    await reading;
  },
);
