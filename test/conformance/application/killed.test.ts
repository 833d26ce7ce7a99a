import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { connect } from "millrace";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { isVerify } from "../../interop/apache-kafka.ts";
import { startBundledBroker, type BundledBroker } from "../../interop/bundled-broker.ts";
import { createTopics, Feeder } from "./feeder.ts";
import { judgedTables, type JudgedTables } from "./judged-tables.ts";
import { inputOf, placeProgram } from "./placed-program.ts";
import { startMillrace, type ApplicationProcess } from "./processes.ts";
import { quickGroups, quickMember } from "./quick-groups.ts";
import { readTables, type Tables } from "./read-tables.ts";

const curatedCount = 38;
const generatedCount = 19;
const sampleSize = 3;
const waitMsMax = 60_000;

const all = judgedTables();
const judged = isVerify ? all : sampleOf(all);
const guarantees = ["atLeastOnce", "exactlyOnce"] as const;

let broker: BundledBroker;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-killed-"));
  broker = await startBundledBroker(quickGroups);
});

afterAll(async () => {
  await broker[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Evenly from all. */
function sampleOf(programs: readonly JudgedTables[]): readonly JudgedTables[] {
  const step = Math.floor(programs.length / sampleSize);
  return programs.filter((_, index) => index % step === 0).slice(0, sampleSize);
}

/**
 * Killed in the middle of its input, and started again. At least once counts again what was not committed: there it is
 * killed when nothing is open.
 */
async function tablesAfterKill(
  { program }: JudgedTables,
  id: string,
  guarantee: (typeof guarantees)[number],
): Promise<Tables> {
  await using client = connect({ bootstrapServers: broker.address });
  const placed = placeProgram(program, id, { guarantee });
  await createTopics(client, [placed]);
  const input = inputOf(program);
  const middle = Math.ceil(input.length / 2);
  const place = {
    bootstrap: broker.address,
    state: join(folder, id),
    parameters: quickMember,
  };
  await using feeder = new Feeder(client, placed);
  const until = (process: ApplicationProcess) =>
    AbortSignal.any([process.failed, AbortSignal.timeout(waitMsMax)]);
  {
    await using first = startMillrace(placed.program, place);
    await feeder.feed(input.slice(0, middle), until(first));
    if (guarantee === "atLeastOnce") await feeder.allProcessed(until(first));
    else await feeder.someProcessed(until(first));
    await first.kill();
  }
  await using second = startMillrace(placed.program, place);
  await feeder.feed(input.slice(middle), until(second));
  await feeder.allProcessed(until(second));
  await second.reached("RUNNING", until(second));
  expect(await second.stop(), second.errors).toBe(0);
  expect(second.states.at(-1)).toBe("NOT_RUNNING");
  return await readTables(client, placed);
}

describe.for(guarantees)("with four partitions, %s", (guarantee) => {
  test.concurrent.for(judged.map((one, index) => [one.program.name, one, index] as const))(
    "%s ends in Kafka Streams' tables, though it is killed on the way",
    { timeout: 4 * waitMsMax },
    async ([, one, index], { expect: check }) => {
      check(await tablesAfterKill(one, `${guarantee}-${index}`, guarantee)).toEqual(one.tables);
    },
  );
});

test("as many programs are judged as there should be", () => {
  const generated = all.filter(({ program }) => program.name.startsWith("random/"));
  expect(generated).toHaveLength(generatedCount);
  expect(all).toHaveLength(curatedCount + generatedCount);
});
