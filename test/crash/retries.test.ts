import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, expect, test } from "vitest";

import { bookPlainly, generateParcels } from "./generate-parcels.ts";
import { KillableProcess } from "./killable-process.ts";
import type { RetriesMessage } from "./messages.ts";
import { scanDataFolder } from "./scan-data-folder.ts";
import { seededRandom, seedOfRun } from "./seeded-random.ts";

const isFull = process.env["MILLRACE_VERIFY"] === "1";
const { parcelCount, killCount } = isFull
  ? { parcelCount: 20_000, killCount: 20 }
  : { parcelCount: 600, killCount: 2 };
const program = fileURLToPath(new URL("retries-application.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "millrace-retries-"));
const seed = seedOfRun();
const random = seededRandom(seed);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test(
  `retry topics and their timers survive ${killCount} kills -9 over ${parcelCount} parcels, exactly once`,
  async () => {
    console.log(`seed ${seed}; again: MILLRACE_SEED=${seed} npx vitest run test/crash`);
    const start = (...flags: readonly string[]): KillableProcess => {
      const sizes = ["--data", join(folder, "data"), "--parcels", String(parcelCount)];
      return new KillableProcess([program, ...sizes, ...flags]);
    };
    let waitedCount = 0;
    for (let kill = 1; kill <= killCount; kill++) {
      const application = kill === 1 ? start("--load") : start();
      const settled = await untilSettled(application, (parcelCount * kill) / (killCount + 2));
      await application.killAfter(random() * 100);
      const { recordCounts, openTransactions } = scanDataFolder(join(folder, "data/broker"));
      waitedCount = recordCounts["crash-retries-parcels-retry-soon-waiting-changelog"] ?? 0;
      console.log(
        `kill ${kill}: ${settled} parcels settled, ${waitedCount} writes of what waits, ` +
          `${openTransactions.length} transactions open`,
      );
    }
    expect(waitedCount, "nothing waited when it was killed").toBeGreaterThan(0);
    const last = start("--until-done");
    const { booked, dead } = await outcomeOf(last);
    expect(await last.exited, last.errors).toBe(0);
    expect(booked.length + dead.length, "none twice").toBe(parcelCount);
    const outcome = { booked: Object.fromEntries(booked), dead: Object.fromEntries(dead) };
    expect(outcome).toEqual(bookPlainly(generateParcels(parcelCount)));
  },
  isFull ? 600_000 : 120_000,
);

/** Reads what an application tells until so many parcels are settled. */
async function untilSettled(application: KillableProcess, count: number): Promise<number> {
  for (;;) {
    const message = await next(application);
    if (message.kind !== "settled") throw new Error("it was done before it was killed");
    if (message.count >= count) return message.count;
  }
}

async function outcomeOf(application: KillableProcess) {
  for (;;) {
    const message = await next(application);
    if (message.kind === "outcome") return message;
  }
}

async function next(application: KillableProcess): Promise<RetriesMessage> {
  const line = await application.nextLine(60_000);
  if (line === undefined) throw new Error(`it ended by itself\n${application.errors}`);
  return JSON.parse(line) as RetriesMessage;
}
