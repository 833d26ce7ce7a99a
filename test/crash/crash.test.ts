import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, expect, test } from "vitest";

import { countPlainly, generateLines } from "./generate-lines.ts";
import { KillableProcess } from "./killable-process.ts";
import { sumOf, type Message, type Offsets } from "./messages.ts";
import { partitionCount } from "./partition-count.ts";
import { scanDataFolder, type FolderScan } from "./scan-data-folder.ts";
import { seededRandom, seedOfRun } from "./seeded-random.ts";
import { stateIdentities } from "./state-identities.ts";

const isFull = process.env["MILLRACE_VERIFY"] === "1";
const fullKillCount = Number(process.env["MILLRACE_KILLS"] ?? 300);
const { lineCount, killCount, openKillsMin, stumbles } = isFull
  ? {
      lineCount: 200_000 + 500 * fullKillCount,
      killCount: fullKillCount,
      openKillsMin: fullKillCount / 3,
      stumbles: fullKillCount / 5,
    }
  : { lineCount: 7_000, killCount: 2, openKillsMin: 0, stumbles: 1 };
/** Kills go on until as many as asked for were inside an open transaction of the application. */
const killCountMax = killCount * 2;
const program = fileURLToPath(new URL("application.ts", import.meta.url));
const loading = fileURLToPath(new URL("load-application.ts", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "millrace-crash-"));
const folder = join(root, "data");
const stateFolder = join(folder, "state/crash-count");
const seed = seedOfRun();
const random = seededRandom(seed);
/**
 * Longest of its own time from the start of the process until a commit has moved the offsets: of half of the runs, since a
 * single one may wait for a disk that others keep busy. A promise for a quiet machine, which only the full size has.
 */
const processingAgainMsMax = 2_000;
/**
 * The same on any machine: at most so many times what a process takes to load the modules, without what has processes of
 * tests resolve them sooner (`resolve-quickly.mjs`). Both get slower alike where cores are slow, or shared with other
 * tests; one that waits in vain, or works twice, takes longer than its own loading.
 */
const loadingTimesMax = 3;
const loadingCount = 3;
/** That count; as many that split lines keep nothing on the disk. */
const statefulTaskCount = partitionCount;
/** Longest that a run goes on after its first commit, before it is killed. */
const killDelayMsMax = isFull ? 400 : 200;

interface Run {
  readonly restored: number;
  readonly firstCommitMs: number;
  /** Of these, its own: see `CoreTime`. */
  readonly ownMs: number;
  /** As the broker tells them after its recovery. */
  readonly offsetsAtStart: Offsets;
}

afterAll(() => rmSync(root, { recursive: true, force: true }));

test(
  `word count survives ${killCount} kills -9 over ${lineCount} lines, exactly once`,
  async () => {
    console.log(`seed ${seed}; again: MILLRACE_SEED=${seed} npx vitest run test/crash`);
    // Afterwards Node has the compiled modules, as if they were installed.
    const loadingMs = await loadingOwnMs();
    let before: FolderScan = scanNothing;
    let openKills = 0;
    const runs: Run[] = [];
    let identities: Readonly<Record<string, string>> = {};
    for (let kill = 1; kill <= killCount || openKills < openKillsMin; kill++) {
      expect(kill, `only ${openKills} kills inside an open transaction`).toBeLessThanOrEqual(
        killCountMax,
      );
      if (kill % Math.ceil(killCount / stumbles) === 0) {
        await stumble();
        before = scanDataFolder(join(folder, "broker"));
      }
      // Each run finds new lines, so that no run is done before it is killed.
      const lines = Math.floor((lineCount * (kill + 1)) / (killCountMax + 2));
      const process = start(lines);
      const run = await untilCommit(process);
      await process.killAfter(random() * killDelayMsMax);
      const after = scanDataFolder(join(folder, "broker"));
      check(run, before, after, `kill ${kill}`);
      const now = stateIdentities(stateFolder);
      expect(now, `kill ${kill}: the state was made anew`).toMatchObject(identities);
      expect(Object.keys(now).filter((name) => name.includes(".corrupt-"))).toEqual([]);
      identities = now;
      runs.push(run);
      const isInside = after.openTransactions.some(isOfApplication);
      if (isInside) openKills += 1;
      const offsets = `${sumOf(before.committedOffsets)} -> ${sumOf(after.committedOffsets)}`;
      const committing = `${run.firstCommitMs} ms (${run.ownMs} of its own)`;
      console.log(
        `kill ${kill}: offsets ${offsets}, committing again after ${committing}, ` +
          `restored ${run.restored} of at most ${before.lastChangelogWrites}${isInside ? ", inside an open transaction" : ""}`,
      );
      before = after;
    }
    expect(Object.keys(identities)).toHaveLength(1 + statefulTaskCount);
    const restored = runs.map((run) => run.restored);
    const ownMs = runs.map((run) => run.ownMs);
    const median = medianOf(ownMs);
    console.log(
      `${runs.length} kills, ${openKills} inside an open transaction; restored ` +
        `${restored.reduce((sum, count) => sum + count)} records in all, ${Math.max(...restored)} at most; ` +
        `committing again after ${median} ms of its own (median), ${Math.max(...ownMs)} at most; loading takes ${loadingMs} ms`,
    );
    const counts = await finish(before);
    expect(counts).toEqual(countPlainly(generateLines(lineCount)));
    expect(median / loadingMs).toBeLessThan(loadingTimesMax);
    if (isFull) expect(median).toBeLessThan(processingAgainMsMax);
  },
  isFull ? 200_000 + 8_000 * killCount : 120_000,
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

/** The first finds nothing compiled, perhaps: it is not counted. */
async function loadingOwnMs(): Promise<number> {
  const ownMs: number[] = [];
  for (let run = 0; run <= loadingCount; run++) {
    const process = new KillableProcess([loading], { NODE_OPTIONS: "" });
    ownMs.push(process.ownMsUntil(Number(await process.nextLine(120_000))));
    expect(await process.exited, process.errors).toBe(0);
  }
  return medianOf(ownMs.slice(1));
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1];
}

/** Kills a run while it starts and recovers; this one may have committed nothing. */
async function stumble(): Promise<void> {
  await start(1).killAfter(random() * 700);
}

/** Reads what a run tells until its committed offsets have moved. */
async function untilCommit(process: KillableProcess): Promise<Run> {
  let first: Pick<Run, "restored" | "offsetsAtStart"> | undefined;
  for (;;) {
    const message = await nextMessage(process);
    if (message === undefined) throw new Error(`it ended by itself\n${process.errors}`);
    if (message.kind === "counted") throw new Error("it was done before it was killed");
    const { offsets, restored } = message;
    first ??= { restored, offsetsAtStart: offsets };
    if (message.kind !== "committed") continue;
    const { atMs } = message;
    return {
      ...first,
      firstCommitMs: atMs - process.startedMs,
      ownMs: process.ownMsUntil(atMs),
    };
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
  const line = await process.nextLine(120_000);
  return line === undefined ? undefined : (JSON.parse(line) as Message);
}

function isOfApplication(topics: readonly string[]): boolean {
  return topics.some((topic) => topic !== "lines");
}
