import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect, type KafkaClient } from "millrace";
import { expect, test } from "vitest";

import { createTopics } from "../../conformance/application/feeder.ts";
import { placeProgram } from "../../conformance/application/placed-program.ts";
import {
  startJava,
  startMillrace,
  type ApplicationProcess,
} from "../../conformance/application/processes.ts";
import { quickGroups, quickMember } from "../../conformance/application/quick-groups.ts";
import type { Program } from "../../conformance/program.ts";
import { missingFor, startApacheKafka } from "../apache-kafka.ts";
import { startBundledBroker } from "../bundled-broker.ts";
import { CountedWords } from "./counted-words.ts";

/*
 * An application moves from Java to TypeScript and back, instance by instance, while words come in: in each of the counts
 * that it writes, no word is missing and none is counted twice.
 */

const missing = missingFor("javac");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const timeoutMs = 600_000;
const stepMsMax = 90_000;

const wordCount: Program = {
  name: "word count",
  config: { guarantee: "exactlyOnce" },
  program: [
    { let: "L", op: "stream", topics: ["L"] },
    { let: "g", op: "groupBy", on: "L", fn: ["part", 0] },
    { let: "c", op: "count", on: "g", store: { name: "S" } },
    { let: "s", op: "toStream", on: "c" },
    { op: "to", on: "s", topic: "out" },
  ],
  steps: [],
};

const protocols = {
  classic: { properties: quickGroups, member: [...quickMember, "--standbys", "0"] },
  "classic with standbys": {
    properties: quickGroups,
    member: [...quickMember, "--standbys", "1"],
  },
  // Standbys are the group's business here.
  streams: {
    properties: {
      ...quickGroups,
      "group.streams.initial.rebalance.delay.ms": 0,
      "group.streams.min.session.timeout.ms": 1000,
      "group.streams.session.timeout.ms": 4000,
      "group.streams.min.heartbeat.interval.ms": 200,
      "group.streams.heartbeat.interval.ms": 500,
      "group.streams.assignment.interval.ms": 0,
      "group.streams.num.standby.replicas": 1,
    },
    member: ["--protocol", "streams", "--set", "producer.transaction.timeout.ms=60000"],
  },
} as const;
type Protocol = keyof typeof protocols;
type Properties = Readonly<Record<string, number | string>>;

const brokers = {
  "Apache Kafka": (properties: Properties) => startApacheKafka({ properties }),
  "the bundled broker": (properties: Properties) => startBundledBroker(properties),
};
const scenes = Object.entries(brokers).flatMap(([name, start]) =>
  (Object.keys(protocols) as Protocol[]).map((protocol) => [name, protocol, start] as const),
);

/** Who comes, in turn; with each the oldest one goes. */
const turns = ["java", "java", "millrace", "millrace", "java", "java"] as const;
const atOnce = 2;
/** Of ours, and of a JVM. */
const endsAfterSignal = [0, 143];

test.skipIf(missing !== undefined).for(scenes)(
  `on %s, %s: instances go from Java to Millrace and back while words are counted${note}`,
  { timeout: timeoutMs },
  async ([, protocol, start]) => {
    const { properties, member } = protocols[protocol];
    const folder = mkdtempSync(join(tmpdir(), "millrace-rolling-"));
    const running: ApplicationProcess[] = [];
    try {
      await using broker = await start(properties);
      await using client: KafkaClient = connect({ bootstrapServers: broker.address });
      const placed = placeProgram(wordCount, "rolling", { guarantee: "exactlyOnce" });
      await createTopics(client, [placed]);
      await using words = new CountedWords(client, placed);
      for (const [index, kind] of turns.entries()) {
        const begin = kind === "java" ? startJavaAlone : startMillrace;
        const one = begin(placed.program, {
          bootstrap: broker.address,
          state: join(folder, `${index}`),
          parameters: member,
        });
        running.push(one);
        await one.reached("RUNNING", AbortSignal.timeout(stepMsMax));
        await words.counted(100, AbortSignal.any([one.failed, AbortSignal.timeout(stepMsMax)]));
        if (running.length > atOnce) {
          const oldest = running.shift();
          expect(endsAfterSignal, oldest?.errors).toContain(await oldest?.stop());
          await words.counted(100, AbortSignal.any([one.failed, AbortSignal.timeout(stepMsMax)]));
        }
      }
      await words.end(AbortSignal.timeout(stepMsMax));
      expect(words.wrong).toEqual([]);
    } finally {
      for (const one of running) await one.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

function startJavaAlone(
  program: Program,
  place: Parameters<typeof startJava>[1],
): ApplicationProcess {
  return startJava([program], place);
}
