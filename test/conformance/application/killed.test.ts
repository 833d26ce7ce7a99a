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
import { startManyMillrace, type ApplicationProcess } from "./processes.ts";
import { quickGroups, quickMember } from "./quick-groups.ts";
import { readTables, type Tables } from "./read-tables.ts";

const sampleSize = 8;
/** Applications of one process. */
const batchSize = 12;
const waitMsMax = 120_000;

const all = judgedTables();
const guarantees = ["atLeastOnce", "exactlyOnce"] as const;
type Guarantee = (typeof guarantees)[number];
const judged: Readonly<Record<Guarantee, readonly JudgedTables[]>> = isVerify
  ? { atLeastOnce: all, exactlyOnce: all }
  : { atLeastOnce: everySecond(sampleOf(all), 0), exactlyOnce: everySecond(sampleOf(all), 1) };

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

/** So that half of the sample is under one guarantee, and half under the other. */
function everySecond(programs: readonly JudgedTables[], first: 0 | 1): readonly JudgedTables[] {
  return programs.filter((_, index) => index % 2 === first);
}

/**
 * Programs in one process, killed in the middle of its input, and started again. At least once counts again what was
 * not committed: there it is killed when nothing is open.
 */
async function tablesAfterKill(
  batch: readonly JudgedTables[],
  id: string,
  guarantee: Guarantee,
): Promise<readonly Tables[]> {
  await using client = connect({ bootstrapServers: broker.address });
  const apps = batch.map(({ program }, index) => {
    const placed = placeProgram(program, `${id}-${index}`, { guarantee });
    return { name: program.name, placed, input: inputOf(placed) };
  });
  await createTopics(
    client,
    apps.map(({ placed }) => placed),
  );
  await using feeders = new AsyncDisposableStack();
  const fed = apps.map((app) => ({ ...app, feeder: feeders.use(new Feeder(client, app.placed)) }));
  /** Does the same with each; a failure tells whose it is. */
  const each = async (
    process: ApplicationProcess | undefined,
    feed: (one: (typeof fed)[number], signal: AbortSignal) => Promise<void>,
  ): Promise<void> => {
    const timeout = AbortSignal.timeout(waitMsMax);
    const signal = process === undefined ? timeout : AbortSignal.any([process.failed, timeout]);
    await Promise.all(
      fed.map((one) =>
        feed(one, signal).catch((cause: unknown) => {
          throw new Error(`${one.name}: ${String(cause)}`, { cause });
        }),
      ),
    );
  };
  const start = () =>
    startManyMillrace(
      apps.map(({ placed }) => placed.program),
      { bootstrap: broker.address, state: join(folder, id), parameters: quickMember },
    );
  await each(undefined, ({ feeder, input }, signal) => feeder.prepare(input.before, signal));
  {
    await using first = start();
    await each(first, async ({ feeder, input }, signal) => {
      await feeder.feed(input.halves[0], signal);
      if (guarantee === "atLeastOnce") await feeder.allProcessed(signal);
      else await feeder.someProcessed(signal);
    });
    await first.kill();
  }
  await using second = start();
  await each(second, async ({ feeder, input }, signal) => {
    await feeder.feed(input.halves[1], signal);
    await feeder.feedLast(input.last, signal);
    await feeder.allProcessed(signal);
  });
  expect(await second.stop(), second.errors).toBe(0);
  expect(second.states.filter((state) => state === "NOT_RUNNING")).toHaveLength(batch.length);
  return await Promise.all(apps.map(({ placed }) => readTables(client, placed)));
}

const runs = new Map<string, Promise<readonly Tables[]>>();

function runOf(from: number, guarantee: Guarantee): Promise<readonly Tables[]> {
  const id = `${guarantee}-${from}`;
  const batch = judged[guarantee].slice(from, from + batchSize);
  const run = runs.get(id) ?? tablesAfterKill(batch, id, guarantee);
  run.catch(() => {}); // its tests tell
  runs.set(id, run);
  return run;
}

/** Of one program; those of its batch come with it, and the next batch runs meanwhile: much of the time is waiting. */
async function tablesOf(index: number, guarantee: Guarantee): Promise<Tables> {
  const from = index - (index % batchSize);
  const run = runOf(from, guarantee);
  if (from + batchSize < judged[guarantee].length) void runOf(from + batchSize, guarantee);
  return (await run)[index - from];
}

describe.for(guarantees)("with four partitions, %s", (guarantee) => {
  test.concurrent.for(
    judged[guarantee].map((one, index) => [one.program.name, one, index] as const),
  )(
    "%s ends in Kafka Streams' tables, though it is killed on the way",
    { timeout: 4 * waitMsMax },
    async ([, one, index], { expect: check }) => {
      check(await tablesOf(index, guarantee)).toEqual(one.tables);
    },
  );
});
