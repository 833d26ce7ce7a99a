import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect, type KafkaClient } from "millrace";
import { expect, test } from "vitest";

import { createTopics, Feeder } from "../../conformance/application/feeder.ts";
import { placeProgram, type PlacedProgram } from "../../conformance/application/placed-program.ts";
import {
  startJava,
  startMillrace,
  type ApplicationProcess,
  type Place,
} from "../../conformance/application/processes.ts";
import { quickGroups, quickMember } from "../../conformance/application/quick-groups.ts";
import { readTables, type Tables } from "../../conformance/application/read-tables.ts";
import { missingFor, startApacheKafka } from "../apache-kafka.ts";
import { startBundledBroker } from "../bundled-broker.ts";
import { kinds, partCount, programOf, stepsOf } from "./kinds.ts";

const missing = missingFor("javac");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const timeoutMs = 900_000;
const partMsMax = 240_000;
/** Processes of ours at a time. */
const atOnce = 4;

/** A kind, in two applications: one that stays in Java, one that is taken over. */
interface Case {
  readonly kind: string;
  readonly whole: PlacedProgram;
  readonly taken: PlacedProgram;
}

function casesWith(guarantee: string): readonly Case[] {
  return Object.keys(kinds).map((kind, index) => ({
    kind,
    whole: placeProgram(programOf(kind), `whole-${guarantee}-${index}`, { guarantee }),
    taken: placeProgram(programOf(kind), `taken-${guarantee}-${index}`, { guarantee }),
  }));
}

/** What a take-over is done with. */
interface Scene {
  readonly client: KafkaClient;
  readonly cases: readonly Case[];
  readonly place: (owner: string) => Place;
}

async function feedParts(
  client: KafkaClient,
  { kind, placed, parts }: { kind: string; placed: PlacedProgram; parts: readonly number[] },
  process: ApplicationProcess,
): Promise<void> {
  const signal = AbortSignal.any([process.failed, AbortSignal.timeout(partMsMax)]);
  await using feeder = new Feeder(client, placed);
  for (const part of parts) {
    await feeder.feed(stepsOf(kind, part), signal);
    await feeder.allProcessed(signal);
  }
}

const allParts = Array.from({ length: partCount }, (_, part) => part);

/** All stay in Java, and what is to be taken over begins there. */
async function beginInJava({ client, cases, place }: Scene): Promise<void> {
  const programs = cases.flatMap(({ whole, taken }) => [whole.program, taken.program]);
  await using java = startJava(programs, place("java"));
  await Promise.all(
    cases.flatMap(({ kind, whole, taken }) => [
      feedParts(client, { kind, placed: whole, parts: allParts }, java),
      feedParts(client, { kind, placed: taken, parts: [0] }, java),
    ]),
  );
  await java.stop();
}

async function goOnInMillrace({ client, cases, place }: Scene): Promise<void> {
  const waiting = [...cases];
  const work = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      await using ours = startMillrace(one.taken.program, place("millrace"));
      await feedParts(client, { kind: one.kind, placed: one.taken, parts: [1] }, ours);
      expect(await ours.stop(), ours.errors).toBe(0);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

async function endInJava({ client, cases, place }: Scene): Promise<void> {
  const programs = cases.map(({ taken }) => taken.program);
  await using java = startJava(programs, place("java"));
  await Promise.all(
    cases.map(({ kind, taken }) => feedParts(client, { kind, placed: taken, parts: [2] }, java)),
  );
  await java.stop();
}

async function tablesOf(
  { client, cases }: Scene,
  which: "whole" | "taken",
): Promise<Readonly<Record<string, Tables>>> {
  const read = cases.map(async (one) => [one.kind, await readTables(client, one[which])] as const);
  return Object.fromEntries(await Promise.all(read));
}

const brokers = [
  ["Apache Kafka", () => startApacheKafka({ properties: quickGroups })],
  ["the bundled broker", () => startBundledBroker(quickGroups)],
] as const;
const guarantees = ["atLeastOnce", "exactlyOnce"] as const;
const scenes = brokers.flatMap(([name, start]) =>
  guarantees.map((guarantee) => [name, guarantee, start] as const),
);

test.skipIf(missing !== undefined).for(scenes)(
  `on %s, %s: what goes from Java to Millrace and back ends as what stays in Java${note}`,
  { timeout: timeoutMs },
  async ([, guarantee, start]) => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-take-over-"));
    try {
      await using broker = await start();
      await using client = connect({ bootstrapServers: broker.address });
      const cases = casesWith(guarantee);
      await createTopics(
        client,
        cases.flatMap(({ whole, taken }) => [whole, taken]),
      );
      const place = (owner: string): Place => ({
        bootstrap: broker.address,
        state: join(folder, owner),
        parameters: quickMember,
      });
      const scene = { client, cases, place };
      await beginInJava(scene);
      await goOnInMillrace(scene);
      await endInJava(scene);
      const expected = await tablesOf(scene, "whole");
      for (const tables of Object.values(expected))
        for (const table of Object.values(tables)) expect(table).not.toEqual({});
      expect(await tablesOf(scene, "taken")).toEqual(expected);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
