import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { encodeUtf8, noHeaders, partitionForKey } from "@millrace/model";
import { connect } from "millrace";
import { expect, test } from "vitest";

import { createTopics, Feeder } from "../../conformance/application/feeder.ts";
import { partitionCount, placeProgram } from "../../conformance/application/placed-program.ts";
import { startJavaAlone, startMillrace } from "../../conformance/application/processes.ts";
import { quickGroups, quickMember } from "../../conformance/application/quick-groups.ts";
import { missingFor, startApacheKafka } from "../apache-kafka.ts";
import { differences } from "./compare-plainly.ts";
import { readTopics } from "./read-topics.ts";
import { program } from "./program.ts";

/*
 * An instance's timers tell something as its tasks begin, before any record; it stands still with that uncommitted for
 * longer than its session, another one takes its tasks over, and then it goes on and commits. A commit without offsets is
 * fenced by nobody: Kafka Streams sends none here, and all is told twice. Why the faults beside this stop no Java instance.
 */

const missing = missingFor("javac");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const keyCount = 17;
const waitMsMax = 150_000;
/** So long the one that is stopped would wait until it commits, and Kafka's until it sends what its timers told. */
const commitMs = 15_000;
const lateProducer = ["--set", "producer.linger.ms=60000"];
const isToldMs = 1_500;
/** Longer than a session. */
const awayMs = 8_000;
const isCommittedMs = 8_000;

const scenes = [
  { name: "Millrace", start: startMillrace, late: [], isOnce: true },
  { name: "Kafka Streams", start: startJavaAlone, late: lateProducer, isOnce: false },
] as const;

test.skipIf(missing !== undefined).for(scenes)(
  `what timers told in $name, which was stopped and has lost its tasks: once is $isOnce${note}`,
  { timeout: 600_000 },
  async ({ start, late, isOnce }) => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-stopped-timers-"));
    try {
      await using kafka = await startApacheKafka({ properties: quickGroups });
      await using client = connect({ bootstrapServers: kafka.address });
      const placed = placeProgram(program, "stopped");
      const topic = placed.placed("L");
      await createTopics(client, [placed]);
      await using feeder = new Feeder(client, placed);
      const begin = (name: string, ...parameters: readonly string[]) =>
        start(placed.program, {
          bootstrap: kafka.address,
          state: join(folder, name),
          parameters: [...quickMember, ...parameters],
        });
      const running = (one: ReturnType<typeof begin>): Promise<void> =>
        one.reached("RUNNING", AbortSignal.timeout(waitMsMax));
      // Each timer goes off with the first record; what comes after it waits in the store for the next life.
      await using first = begin("a", "--commit", "100");
      await running(first);
      const writer = client.openWriter({ lingerMs: 0 });
      await writer.prepare([topic]);
      for (const timestamp of [1000, 1500]) {
        for (let index = 0; index < keyCount; index++) {
          const key = encodeUtf8(`k${index}`);
          writer
            .partition(topic, partitionForKey(key, partitionCount))
            .append(timestamp, key, encodeUtf8(`ada:${index}`), noHeaders);
        }
        await writer.flush();
        await feeder.allProcessed(AbortSignal.timeout(waitMsMax));
      }
      await writer.close(0);
      await first.stop();
      const told = async (): Promise<number> => (await readTopics(client, placed)).ticks.length;
      const early = await told();

      await using stopped = begin("a", "--commit", `${commitMs}`, ...late);
      await running(stopped);
      await sleep(isToldMs);
      stopped.pause();
      const all = early + keyCount;
      expect(await told(), "it has not committed all").toBeLessThan(all);
      await using next = begin("b", "--commit", "100");
      // What ours has sent keeps the next one from its tasks.
      if (isOnce) await sleep(awayMs);
      else {
        await running(next);
        await expect.poll(told, { timeout: waitMsMax }).toBe(all);
        await sleep(commitMs); // the first that it does is to commit
      }
      stopped.resume();
      await running(next);
      await sleep(isCommittedMs);
      const topics = await readTopics(client, placed);
      if (isOnce) expect(differences(topics)).toEqual([]);
      else expect(topics.ticks.length).toBeGreaterThan(all);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
