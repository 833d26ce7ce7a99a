import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, expect, test } from "vitest";

import { countPlainly, generateLines } from "./generate-lines.ts";
import { KillableProcess } from "./killable-process.ts";
import { sumOf, type Message, type Offsets } from "./messages.ts";
import { scanDataFolder, type FolderScan } from "./scan-data-folder.ts";
import { seededRandom, seedOfRun } from "./seeded-random.ts";

const isFull = process.env["MILLRACE_VERIFY"] === "1";
const { lineCount, killCount, openKillsMin, stumbles } = isFull
  ? { lineCount: 200_000, killCount: 30, openKillsMin: 10, stumbles: 6 }
  : { lineCount: 10_000, killCount: 4, openKillsMin: 0, stumbles: 1 };
const program = fileURLToPath(new URL("application.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "millrace-crash-"));
const seed = seedOfRun();
const random = seededRandom(seed);
/**
 * Longest from the start of the process until a commit has moved the offsets. Beside other tests there is less of
 * the machine; what must not happen there is waiting for the transaction's or the session's time-out.
 */
const processingAgainMsMax = isFull ? 2_000 : 8_000;
/** Longest that a run goes on after its first commit, before it is killed. */
const killDelayMsMax = isFull ? 400 : 200;

interface Run {
  readonly restored: number;
  readonly firstCommitMs: number;
  /** As the broker tells them after its recovery. */
  readonly offsetsAtStart: Offsets;
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test(
  `word count survives ${killCount} kills -9 over ${lineCount} lines, exactly once`,
  async () => {
    console.log(`seed ${seed}; again: MILLRACE_SEED=${seed} npx vitest run test/crash`);
    let before: FolderScan = scanNothing;
    let openKills = 0;
    for (let kill = 1; kill <= killCount; kill++) {
      if (kill % Math.ceil(killCount / stumbles) === 0) {
        await stumble();
        before = scanDataFolder(join(folder, "broker"));
      }
      // Each run finds new lines, so that no run is done before it is killed.
      const lines = Math.floor((lineCount * Math.min(kill + 1, killCount)) / (killCount + 1));
      const process = start(lines);
      const run = await untilCommit(process);
      await process.killAfter(random() * killDelayMsMax);
      const after = scanDataFolder(join(folder, "broker"));
      check(run, before, after, `kill ${kill}`);
      const open = after.openTransactions.filter(isOfApplication);
      if (open.length > 0) openKills += 1;
      console.log(
        `kill ${kill}: offsets ${sumOf(before.committedOffsets)} -> ${sumOf(after.committedOffsets)}, ` +
          `committing again after ${run.firstCommitMs} ms, restored ${run.restored} of ` +
          `${before.lastChangelogWrites}${open.length > 0 ? ", inside an open transaction" : ""}`,
      );
      before = after;
    }
    expect(openKills, "kills inside an open transaction").toBeGreaterThanOrEqual(openKillsMin);
    const counts = await finish(before);
    expect(counts).toEqual(countPlainly(generateLines(lineCount)));
  },
  isFull ? 300_000 : 60_000,
);

const scanNothing: FolderScan = {
  openTransactions: [],
  committedOffsets: {},
  lastChangelogWrites: 0,
  recordCounts: {},
};

function start(lines: number, ...flags: readonly string[]): KillableProcess {
  return new KillableProcess([program, "--data", folder, "--lines", String(lines), ...flags]);
}

/** Kills a run while it starts and recovers; this one may have committed nothing. */
async function stumble(): Promise<void> {
  await start(1).killAfter(random() * 700);
}

/** Reads what a run tells until its committed offsets have moved. */
async function untilCommit(process: KillableProcess): Promise<Run> {
  let first: Run | undefined;
  for (;;) {
    const message = await nextMessage(process);
    if (message === undefined) throw new Error(`it ended by itself\n${process.errors}`);
    if (message.kind === "counted") throw new Error("it was done before it was killed");
    const { offsets, restored } = message;
    if (first === undefined) first = { restored, offsetsAtStart: offsets, firstCommitMs: 0 };
    if (message.kind !== "committed") continue;
    return { ...first, firstCommitMs: Date.now() - process.startedMs };
  }
}

function check(run: Run, before: FolderScan, after: FolderScan, what: string): void {
  for (const [partition, offset] of Object.entries(before.committedOffsets)) {
    expect(run.offsetsAtStart[partition], `${what}: ${partition}`).toBeGreaterThanOrEqual(offset);
    expect(after.committedOffsets[partition], `${what}: ${partition}`).toBeGreaterThanOrEqual(
      offset,
    );
  }
  expect(sumOf(after.committedOffsets), what).toBeGreaterThan(sumOf(before.committedOffsets));
  expect(run.restored, what).toBeLessThanOrEqual(before.lastChangelogWrites);
  if (sumOf(before.committedOffsets) > 0)
    expect(run.firstCommitMs, what).toBeLessThan(processingAgainMsMax);
}

/** The last run: nobody kills it, and it tells the counts. */
async function finish(before: FolderScan): Promise<Readonly<Record<string, number>>> {
  const process = start(lineCount, "--until-done");
  for (;;) {
    const message = await nextMessage(process);
    if (message === undefined) throw new Error(`it ended without counts\n${process.errors}`);
    if (message.kind !== "counted") continue;
    expect(await process.exited, process.errors).toBe(0);
    const { committedOffsets, openTransactions } = scanDataFolder(join(folder, "broker"));
    expect(sumOf(committedOffsets)).toBeGreaterThan(sumOf(before.committedOffsets));
    expect(openTransactions).toEqual([]);
    return message.counts;
  }
}

async function nextMessage(process: KillableProcess): Promise<Message | undefined> {
  const line = await process.nextLine(30_000);
  return line === undefined ? undefined : (JSON.parse(line) as Message);
}

function isOfApplication(topics: readonly string[]): boolean {
  return topics.some((topic) => topic !== "lines");
}
