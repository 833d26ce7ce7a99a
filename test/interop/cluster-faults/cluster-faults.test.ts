import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { ClusterError, connect } from "millrace";
import { expect, test } from "vitest";

import { createTopics, Feeder } from "../../conformance/application/feeder.ts";
import { placeProgram, type PlacedProgram } from "../../conformance/application/placed-program.ts";
import {
  startJavaAlone,
  startMillrace,
  type ApplicationProcess,
} from "../../conformance/application/processes.ts";
import { quickMember } from "../../conformance/application/quick-groups.ts";
import { seededRandom, seedOfRun } from "../../crash/seeded-random.ts";
import { missingFor } from "../apache-kafka.ts";
import { bundledBroker, threeNodes } from "./clusters.ts";
import { differences } from "./compare-plainly.ts";
import { readTopics } from "./read-topics.ts";
import { Evidence } from "./evidence.ts";
import { Faults, seconds } from "./faults.ts";
import { Instance } from "./instance.ts";
import { Load } from "./load.ts";
import { program } from "./program.ts";

/*
 * Three instances of an application, one of ours with two threads, one of ours with one, one of Kafka Streams itself, while
 * brokers and instances are killed with -9, stopped, and come back: outputs are those of a plain computation.
 */

const missing = missingFor("javac");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const minutes = Number(process.env["MILLRACE_MINUTES"] ?? 20);
const roundMs = 45_000;
/** In each third round a broker is away for so long from its beginning. */
const longAwayMs = 90_000;
/** Longest from when all stand again until nothing is left to be processed. */
const backMsMax = 180_000;
const startMsMax = 120_000;
const lookMs = 200;
/** How often it is looked whether one of ours has ended meanwhile. */
const failureLookMs = 15_000;

const scenes = [
  ["three nodes of Apache Kafka", threeNodes],
  ["the bundled broker", bundledBroker],
] as const;

test.skipIf(missing !== undefined).for(scenes)(
  `%s and three instances, one of them in Java, are killed for ${minutes} minutes: all comes out once${note}`,
  { timeout: (minutes + 12) * 60_000 },
  async ([, start]) => {
    const seed = seedOfRun();
    console.log(`seed ${seed}; again: MILLRACE_SEED=${seed} MILLRACE_MINUTES=${minutes}`);
    const folder = mkdtempSync(join(tmpdir(), "millrace-cluster-faults-"));
    try {
      await using cluster = await start();
      using evidence = new Evidence(seed, [...cluster.folders, folder]);
      await using client = connect({ bootstrapServers: cluster.address });
      const placed = placeProgram(program, "faults");
      await createTopics(client, [placed]);
      await using load = new Load(client, placed);
      await load.prepare();
      await using ends = new AsyncDisposableStack();
      const failures: string[] = [];
      const instances = startInstances({ placed, folder, bootstrap: cluster.address, failures });
      for (const instance of instances) ends.use(instance);
      for (const instance of instances) await instance.isRunning(AbortSignal.timeout(startMsMax));
      await using feeder = new Feeder(client, placed);
      await untilProcessed(feeder, failures);
      const faults = new Faults([...cluster.brokers, ...instances], seededRandom(seed));
      const backMs: number[] = [];
      const endMs = performance.now() + minutes * 60_000;
      for (let round = 1; performance.now() < endMs; round++) {
        load.begin();
        const told = await faults.round(roundMs, round % 3 === 0 ? longAwayMs : undefined);
        const healedMs = performance.now();
        await load.hold();
        await untilProcessed(feeder, failures);
        backMs.push(performance.now() - healedMs);
        expect(differences(await readTopics(client, placed)), `round ${round}`).toEqual([]);
        console.log(
          `round ${round}: lag 0 after ${seconds(backMs[round - 1])}, ${load.count} records; ${told.join(", ")}`,
        );
      }
      await load.flush();
      await untilProcessed(feeder, failures);
      const sorted = backMs.toSorted((one, other) => one - other);
      console.log(
        `back to lag 0: median ${seconds(sorted[sorted.length >> 1])}, longest ${seconds(sorted[sorted.length - 1])}`,
      );
      for (const instance of instances) {
        console.log(`${instance.name} was started again ${instance.restarts} times`);
        expect(await instance.stop()).toBeUndefined();
      }
      expect(differences(await readTopics(client, placed))).toEqual([]);
      expect(load.count).toBeGreaterThan(minutes * 100);
      evidence.drop();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

interface InstancesOptions {
  readonly placed: PlacedProgram;
  readonly folder: string;
  readonly bootstrap: string;
  /** Gets what ours said that ended by themselves. */
  readonly failures: string[];
}

function startInstances({
  placed,
  folder,
  bootstrap,
  failures,
}: InstancesOptions): readonly Instance[] {
  const parameters = [...quickMember, "--set", "producer.transaction.timeout.ms=30000"];
  const place = (name: string, ...more: readonly string[]) => ({
    bootstrap,
    state: join(folder, name),
    parameters: [...parameters, ...more],
  });
  const own = {
    program: placed.program,
    start: startMillrace,
    endCode: 0,
    // One that finds no broker as it starts ends after a while and says so: somebody starts it again.
    isRestarted: (life: ApplicationProcess): boolean => {
      const isStart = !life.states.includes("RUNNING");
      if (isStart && life.errors.includes("BROKER_UNREACHABLE")) return true;
      failures.push(life.errors);
      return false;
    },
  };
  return [
    new Instance({ ...own, name: "two threads", place: place("two", "--threads", "2") }),
    new Instance({ ...own, name: "one thread", place: place("one") }),
    new Instance({
      ...own,
      name: "Java",
      place: place("java"),
      start: startJavaAlone,
      endCode: 143,
      // What its timers told before any record, and others have told meanwhile, it would tell again (stopped-timers.test.ts).
      isNeverStopped: true,
      // Kafka Streams ends by some errors from which we recover.
      isRestarted: (life) => {
        console.log(`Java ended by itself: ${life.errors.slice(-500)}`);
        return true;
      },
    }),
  ];
}

/** Leaders and coordinators may be on the move while it looks. */
async function untilProcessed(feeder: Feeder, failures: readonly string[]): Promise<void> {
  const signal = AbortSignal.timeout(backMsMax);
  for (;;) {
    expect(failures).toEqual([]);
    const soon = AbortSignal.timeout(failureLookMs);
    try {
      await feeder.allProcessed(AbortSignal.any([signal, soon]));
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!soon.aborted && !(error instanceof ClusterError)) throw error;
      await sleep(lookMs);
    }
  }
}
