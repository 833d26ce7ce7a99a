import type { Broker } from "@millrace/broker";
import { BaseError, InvariantError } from "@millrace/model";
import { MemoryFileSystem } from "@millrace/platform/memory";
import { nodePlatform } from "@millrace/platform/node";
import type { StreamsApp } from "@millrace/streams";
import { expect } from "vitest";

import type { LoggedEvent } from "../integration/world/process.ts";
import { copyFiles, filesBelow, readFile, writeFile } from "./copy-files.ts";
import {
  clientOf,
  dataFolder,
  fileStateFolder,
  lines,
  machineOn,
  startApp,
  startBroker,
  untilCounted,
  writeLines,
  type Engine,
  type Remains,
} from "./damage-world.ts";
import { hurtFile, hurts, kindOf, type Random } from "./hurt-file.ts";
import { lookAtBroker, type Seen } from "./look-at-broker.ts";

/**
 * - `sound`: all is as it was; what differed was made anew.
 * - `offline`: something answers with an error, all else is as it was.
 * - `refused`: the program does not run, with a named error.
 */
export type Outcome = "sound" | "offline" | "refused";

export interface TrialResult {
  readonly kind: string;
  readonly outcome: Outcome;
}

export type Sight = ReadonlyMap<string, Seen>;

const countedWithinMs = 12_000;

/** Damages one file of what was left, starts on it, and looks at all. */
export async function runTrial(
  remains: Remains,
  expected: Sight,
  { random, folder }: { readonly random: Random; readonly folder: string },
): Promise<TrialResult> {
  const files = new MemoryFileSystem();
  copyFiles(remains.files, files, [dataFolder, dataFolder]);
  const draw = random();
  const area = draw < 0.7 ? "data" : draw < 0.85 ? "file" : "rocksdb";
  if (area === "data") {
    // The records of segments tell one log's file from another's: a kill leaves some without, and so does a second hurt.
    const isExchanged = remains.isStopped && random() < 0.2;
    const first = (isExchanged ? exchangeOne : hurtOne)(files, dataFolder, random);
    const isSecond = !isExchanged && random() < 0.3;
    const second = isSecond ? hurtOne(files, dataFolder, random) : undefined;
    const what = second === undefined ? first.what : `${first.what} and ${second.what}`;
    const outcome = await told(remains, what, () => lookThrice(files, expected, random));
    return { kind: second === undefined ? first.kind : "two files", outcome };
  }
  const disk = area === "file" ? files : nodePlatform().fileSystem;
  const stateFolder = area === "file" ? fileStateFolder : `${folder}/rocksdb`;
  const source = area === "file" ? remains.files : disk;
  copyFiles(source, disk, [area === "file" ? fileStateFolder : remains.rocksdbFolder, stateFolder]);
  const hurt = hurtOne(disk, stateFolder, random);
  const outcome = await told(remains, hurt.what, () => countOn(files, area, stateFolder));
  return { kind: hurt.kind, outcome };
}

interface Damage {
  readonly kind: string;
  readonly what: string;
}

function hurtOne(
  disk: MemoryFileSystem | ReturnType<typeof nodePlatform>["fileSystem"],
  folder: string,
  random: Random,
): Damage {
  const pick = pickerOf(random);
  const paths = filesBelow(disk, folder);
  const kind = pick([...new Set(paths.map(kindOf))].sort());
  const path = pick(paths.filter((candidate) => kindOf(candidate) === kind));
  const hurt = pick(hurts);
  const where = hurtFile(disk, path, { hurt, random });
  return { kind, what: `${hurt} ${where} in ${path}` };
}

/** Puts the file of another log in the place of one: sound, and not the one that was written. */
function exchangeOne(disk: MemoryFileSystem, folder: string, random: Random): Damage {
  const pick = pickerOf(random);
  const paths = filesBelow(disk, folder).filter((path) => path.includes("-0/"));
  const path = pick(paths);
  const suffix = path.slice(path.lastIndexOf("."));
  const folderOf = (of: string) => of.slice(0, of.lastIndexOf("/"));
  const others = paths.filter((it) => it.endsWith(suffix) && folderOf(it) !== folderOf(path));
  const other = others.length === 0 ? path : pick(others);
  writeFile(disk, path, readFile(disk, other));
  return { kind: "of another log", what: `${other} in the place of ${path}` };
}

function pickerOf(random: Random) {
  return <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)];
}

async function told(
  { isStopped }: Remains,
  what: string,
  look: () => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await look();
  } catch (error) {
    throw new Error(`${isStopped ? "stopped" : "killed"}, ${what}`, { cause: error });
  }
}

/** What is sound stays so, and what is not says so at each start; a stop or a kill lies between. */
async function lookThrice(
  files: MemoryFileSystem,
  expected: Sight,
  random: Random,
): Promise<Outcome> {
  let disk = files;
  let outcome: Outcome | undefined;
  for (let start = 1; start <= 3; start++) {
    const killed = new MemoryFileSystem();
    const found = await lookAtData(disk, expected, killed);
    if (outcome !== undefined) expect(found, `start ${start}`).toBe(outcome);
    outcome = found;
    if (found !== "refused" && random() < 0.5) disk = killed;
  }
  return outcome ?? "refused";
}

/** Leaves beside what a kill would leave. */
async function lookAtData(
  files: MemoryFileSystem,
  expected: Sight,
  killed: MemoryFileSystem,
): Promise<Outcome> {
  const { platform, events } = machineOn(files);
  let broker: Broker;
  try {
    broker = await startBroker(platform);
  } catch (error) {
    return refusal(error);
  }
  try {
    await lookAtBroker(platform, broker);
    const outcome = compare(expected, await lookAtBroker(platform, broker), events);
    copyFiles(files, killed, [dataFolder, dataFolder]);
    return outcome;
  } finally {
    await broker.close();
  }
}

/** Equal, or an error behind what is equal, and then an operator is told. */
function compare(expected: Sight, seen: Sight, events: readonly LoggedEvent[]): Outcome {
  const differing = [...expected].filter(([name, { values }]) => {
    const found = seen.get(name);
    if (found?.error === 0) {
      expect({ name, values: found.values }).toEqual({ name, values });
      return false;
    }
    expect({ name, ...found }).toMatchObject({
      name,
      values: values.slice(0, found?.values.length),
      error: expect.any(Number),
    });
    return true;
  });
  if (differing.length === 0) return "sound";
  const isTold = events.some(({ name }) =>
    /damaged|missing|offline|unusable|unexplained|failed/.test(name),
  );
  expect(isTold, `nothing was logged: ${events.map(({ name }) => name).join(", ")}`).toBe(true);
  return "offline";
}

/** The application counts the same lines again: every entry of its table shows that it was right before. */
async function countOn(
  files: MemoryFileSystem,
  engine: Engine,
  stateFolder: string,
): Promise<Outcome> {
  const { platform } = machineOn(files);
  const broker = await startBroker(platform);
  let app: StreamsApp | undefined;
  const stop = new AbortController();
  try {
    app = await startApp(platform, engine, stateFolder);
    await using client = clientOf(platform);
    await writeLines(client, lines);
    const late = platform.timers
      .sleep(countedWithinMs, stop.signal)
      .then(() => Promise.reject(new Error("the table never came to what it should be")));
    late.catch(() => {});
    await Promise.race([untilCounted(platform, { [engine]: 2 }, stop.signal), app.closed, late]);
    return "sound";
  } catch (error) {
    return refusal(error);
  } finally {
    stop.abort(new Error("the trial is over"));
    await app?.close();
    await broker.close();
  }
}

function refusal(error: unknown): Outcome {
  if (error instanceof BaseError && !(error instanceof InvariantError)) return "refused";
  throw error;
}
