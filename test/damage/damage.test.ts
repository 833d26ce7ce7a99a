import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { MemoryFileSystem } from "@millrace/platform/memory";
import { afterAll, beforeAll, expect, test } from "vitest";

import { seededRandom, seedOfRun } from "../crash/seeded-random.ts";
import { copyFiles } from "./copy-files.ts";
import { dataFolder, growRemains, machineOn, startBroker, type Remains } from "./damage-world.ts";
import { lookAtBroker } from "./look-at-broker.ts";
import { runTrial, type Outcome, type Sight } from "./trial.ts";

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const first = seedOfRun();
const count = Number(process.env["MILLRACE_TRIALS"] ?? (isVerify ? 600 : 10));
const perTrialMs = 20_000;

let folder: string;
let remains: readonly Remains[];
let sights: readonly Sight[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-damage-"));
  remains = await growRemains(folder);
  sights = await Promise.all(remains.map(lookAtUndamaged));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function lookAtUndamaged({ files }: Remains): Promise<Sight> {
  const copy = new MemoryFileSystem();
  copyFiles(files, copy, [dataFolder, dataFolder]);
  const { platform } = machineOn(copy);
  const broker = await startBroker(platform);
  const sight = await lookAtBroker(platform, broker);
  await broker.close();
  expect([...sight.values()].filter(({ error }) => error !== 0)).toEqual([]);
  return sight;
}

test(
  `${count} damaged files: all is as it was, or there is an error`,
  async () => {
    console.log(`seeds ${first} to ${first + count - 1}`);
    const counts = new Map<string, Record<Outcome, number>>();
    for (let seed = first; seed < first + count; seed++) {
      const random = seededRandom(seed);
      const which = random() < 0.5 ? 0 : 1;
      try {
        const place = { random, folder: `${folder}/trial-${seed}` };
        const { kind, outcome } = await runTrial(remains[which], sights[which], place);
        const row = counts.get(kind) ?? { sound: 0, offline: 0, refused: 0 };
        row[outcome]++;
        counts.set(kind, row);
      } catch (error) {
        throw new Error(
          `seed ${seed}; again: MILLRACE_SEED=${seed} MILLRACE_TRIALS=1 npx vitest run test/damage`,
          { cause: error },
        );
      }
    }
    for (const [kind, { sound, offline, refused }] of [...counts].sort())
      console.log(`${kind.padEnd(36)} sound ${sound}, offline ${offline}, refused ${refused}`);
  },
  perTrialMs * count,
);
