import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect } from "millrace";
import { expect, test } from "vitest";

import { createTopics, Feeder } from "../conformance/application/feeder.ts";
import { placeProgram } from "../conformance/application/placed-program.ts";
import { ApplicationProcess } from "../conformance/application/processes.ts";
import { readTables } from "../conformance/application/read-tables.ts";
import { oracleFolder } from "../conformance/oracle.ts";
import type { JsonObject, Program } from "../conformance/program.ts";
import { missingFor } from "./apache-kafka.ts";
import { startBundledBroker } from "./bundled-broker.ts";

/*
 * Kafka Streams' own library in the streams group protocol (KIP-1071) on the bundled broker: words
 * are counted exactly once by two instances, of which one is killed.
 */

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const missing = isVerify ? missingFor("javac") : "runs under verify";
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const timeoutMs = 300_000;
const words = ["ada", "bob", "cleo", "dora", "eve"];
const recordCount = 3000;

const wordCount: Program = {
  name: "word count",
  config: {},
  program: [
    { let: "L", op: "stream", topics: ["L"] },
    { let: "g", op: "groupBy", on: "L", fn: ["part", 0] },
    { let: "c", op: "count", on: "g", store: { name: "S" } },
    { let: "s", op: "toStream", on: "c" },
    { op: "to", on: "s", topic: "out" },
  ],
  steps: [],
};

/** A member that is killed is missed soon. */
const properties = {
  "group.streams.initial.rebalance.delay.ms": 500,
  "group.streams.min.session.timeout.ms": 1000,
  "group.streams.session.timeout.ms": 4000,
  "group.streams.min.heartbeat.interval.ms": 200,
  "group.streams.heartbeat.interval.ms": 500,
  "group.streams.assignment.interval.ms": 0,
  "group.streams.num.standby.replicas": 1,
};

const wordOf = (index: number) => words[index ** 2 % words.length];
const steps = (from: number, to: number): JsonObject[] =>
  Array.from({ length: to - from }, (_, index) => ({
    pipe: "L",
    key: `k${(from + index) % 17}`,
    value: `${wordOf(from + index)}:${from + index}`,
    ts: from + index,
  }));

/** The plain computation: words and how often they came, in hex as records have them. */
function expected(): Record<string, string> {
  const counts = new Map<string, bigint>();
  for (let index = 0; index < recordCount; index++)
    counts.set(wordOf(index), (counts.get(wordOf(index)) ?? 0n) + 1n);
  return Object.fromEntries(
    [...counts].map(([word, count]) => [
      Buffer.from(word).toString("hex"),
      count.toString(16).padStart(16, "0"),
    ]),
  );
}

test.skipIf(missing !== undefined)(
  `Kafka Streams counts words exactly once in a streams group, with an instance killed${note}`,
  { timeout: timeoutMs },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-streams-group-"));
    const signal = AbortSignal.timeout(timeoutMs - 20_000);
    try {
      await using broker = await startBundledBroker(properties);
      await using client = connect({ bootstrapServers: broker.address });
      const placed = placeProgram(wordCount, "words", { guarantee: "exactlyOnce" });
      await createTopics(client, [placed]);
      const start = (name: string): ApplicationProcess => {
        const place = ["--bootstrap", broker.address, "--state", join(folder, name)];
        const parameters = [...place, "--protocol", "streams", "--commit", "100"];
        const child = spawn(join(oracleFolder, "application"), parameters);
        return new ApplicationProcess(child, JSON.stringify(placed.program));
      };
      await using first = start("first");
      await using second = start("second");
      const isUp = AbortSignal.any([signal, first.failed, second.failed]);
      await Promise.all([first.reached("RUNNING", isUp), second.reached("RUNNING", isUp)]);
      await using feeder = new Feeder(client, placed);
      await feeder.feed(steps(0, recordCount / 3), signal);
      await feeder.allProcessed(isUp);
      await feeder.feed(steps(recordCount / 3, (2 * recordCount) / 3), signal);
      await second.kill();
      await feeder.feed(steps((2 * recordCount) / 3, recordCount), signal);
      await feeder.allProcessed(AbortSignal.any([signal, first.failed]));
      const { out = {} } = await readTables(client, placed, signal);
      const counted = Object.entries(out).map(([word, [count]]) => [word, count]);
      expect(Object.fromEntries(counted)).toEqual(expected());
      const groups = await client.admin.listGroups(signal);
      expect(groups).toMatchObject([{ groupId: "words", protocolType: "streams" }]);
      await first.stop();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
