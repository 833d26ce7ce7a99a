import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect } from "millrace";
import { describe, expect, test } from "vitest";

import { missingFor } from "../../interop/apache-kafka.ts";
import { startBundledBroker } from "../../interop/bundled-broker.ts";
import type { Program } from "../program.ts";
import { createTopics, Feeder } from "./feeder.ts";
import { placeProgram } from "./placed-program.ts";
import { startJava, startMillrace, type Place } from "./processes.ts";
import { readTables } from "./read-tables.ts";

const timeoutMs = 240_000;

const program: Program = {
  name: "p",
  program: [
    { let: "s", op: "stream", topics: ["L"] },
    { let: "m", op: "mapValues", on: "s", fn: ["failOn", "bad"] },
    { op: "to", on: "m", topic: "out" },
  ],
  steps: [
    { pipe: "L", key: "a", value: "good", ts: 5 },
    { pipe: "L", key: "b", value: "bad", ts: 6 },
  ],
};

/** All that both kinds of application take. */
const parameters = [
  ["--threads", "1"],
  ["--commit", "50"],
  ["--standbys", "0"],
  ["--protocol", "classic"],
  ["--replication", "-1"],
  ["--set", "consumer.session.timeout.ms=9000"],
  ["--set", "main.consumer.heartbeat.interval.ms=500"],
  ["--set", "producer.transaction.timeout.ms=8000"],
  ["--set", "processing.guarantee=exactly_once_v2"],
  ["--set", "statestore.cache.max.bytes=0"],
].flat();

const missing = missingFor("javac");

/** A JVM's code after SIGTERM is not its program's choice, and its end may cut off the last word. */
const kinds = [
  { owner: "ours", start: startMillrace, cleanCode: 0, wordsMin: 4 },
  {
    owner: "Kafka Streams",
    start: (one: Program, place: Place) => startJava([one], place),
    cleanCode: 143,
    wordsMin: 3,
  },
] as const;

describe.for(kinds)("an application of $owner", ({ owner, start, cleanCode, wordsMin }) => {
  test.skipIf(owner === "Kafka Streams" && missing !== undefined)(
    "tells its states, ends cleanly at SIGTERM, and with code 1 after an error",
    { timeout: timeoutMs },
    async () => {
      const state = mkdtempSync(join(tmpdir(), "millrace-application-"));
      try {
        await using broker = await startBundledBroker();
        await using client = connect({ bootstrapServers: broker.address });
        const placed = placeProgram(program, "app");
        await createTopics(client, [placed]);
        await using feeder = new Feeder(client, placed);
        const [good, bad] = program.steps;
        const signal = AbortSignal.timeout(timeoutMs);
        const place = { bootstrap: broker.address, state, parameters };

        await using first = start(placed.program, place);
        await feeder.feed([good], signal);
        await feeder.allProcessed(signal);
        await first.reached("RUNNING", signal);
        expect(await first.stop(), first.errors).toBe(cleanCode);
        const words = ["REBALANCING", "RUNNING", "PENDING_SHUTDOWN", "NOT_RUNNING"];
        expect(first.states).toEqual(words.slice(0, Math.max(wordsMin, first.states.length)));
        expect(await readTables(client, placed)).toEqual({ out: { "61": ["676f6f64", 5] } });

        await using second = start(placed.program, place);
        await feeder.feed([bad], signal);
        expect(await second.exited).toBe(1);
        expect(second.states.slice(-2)).toEqual(["PENDING_ERROR", "ERROR"]);
        if (owner === "ours") expect(second.errors).toContain("AskedToFail");
      } finally {
        rmSync(state, { recursive: true, force: true });
      }
    },
  );
});

test(
  "what is no setting ends a start with code 2 and a name",
  async () => {
    const place = {
      bootstrap: "localhost:1",
      state: "unused",
      parameters: ["--set", "num.streams=2"],
    };
    await using refused = startMillrace(program, place);
    expect(await refused.exited).toBe(2);
    expect(refused.errors).toBe("UNKNOWN_OPTION: num.streams is no setting of an application\n");
  },
  timeoutMs,
);
