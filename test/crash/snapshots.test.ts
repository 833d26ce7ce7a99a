import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { nodePlatform } from "@millrace/platform/node";
import { directorySnapshotStore, Snapshot, snapshotIds } from "@millrace/state";
import { connect, int64AsNumber, type KafkaClient } from "millrace";
import { afterAll, expect, test, vi } from "vitest";

import { startBundledBroker } from "../interop/bundled-broker.ts";
import { KillableProcess } from "./killable-process.ts";
import { partitionsOf, readAll } from "./read-topic.ts";
import { seededRandom, seedOfRun } from "./seeded-random.ts";

/** With RocksDB, on a disk; what a kill leaves in memory has its tests in `test/integration/snapshots.test.ts`. */
const isFull = process.env["MILLRACE_VERIFY"] === "1";
const note = isFull ? "" : " (skipped: runs under `npm run verify`)";
const killCount = 20;
const keyCount = 20_000;
const partitionCount = 2;
const program = fileURLToPath(new URL("snapshots-application.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "millrace-snapshots-"));
const state = join(folder, "state");
const snapshots = join(folder, "snapshots");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function send(client: KafkaClient, words: readonly number[]): Promise<void> {
  await using producer = client.producer();
  for (const word of words) void producer.send({ topic: "words", key: `word ${word}`, value: "x" });
  await producer.flush();
}

/** As a machine that is new: the seat in the group stays, so that nobody waits for a session to end. */
function loseState(): void {
  const directory = join(state, "crash-snapshots");
  for (const name of readdirSync(directory))
    if (/^\d+_\d+/.test(name)) rmSync(join(directory, name), { recursive: true });
}

/** Each file of each snapshot that has a manifest is what its manifest says. */
async function checkSnapshots(): Promise<{ readonly whole: number; readonly halves: number }> {
  const store = directorySnapshotStore(nodePlatform().fileSystem, snapshots);
  let whole = 0;
  let halves = 0;
  for (const task of ["0_0", "0_1"]) {
    const owner = { application: "crash-snapshots", task };
    for (const id of await snapshotIds(store, owner)) {
      const snapshot = await Snapshot.open(store, { ...owner, id });
      if (snapshot === undefined) halves += 1;
      else whole += 1;
      for (const one of snapshot?.manifest.stores ?? []) {
        let rows = 0;
        for await (const block of snapshot?.blocks(one) ?? []) rows += [...block].length;
        expect(rows).toBe(one.blocks.reduce((total, block) => total + block.rows, 0));
      }
    }
  }
  return { whole, halves };
}

test.skipIf(!isFull)(
  `state is copied and begun with through ${killCount} kills -9, and counts are right${note}`,
  async () => {
    const seed = seedOfRun();
    const random = seededRandom(seed);
    console.log(`seed ${seed}; again: MILLRACE_SEED=${seed} npm run verify -- crash`);
    await using broker = await startBundledBroker();
    await using client = connect({ bootstrapServers: broker.address });
    await client.admin.createTopics(
      ["words", "word-counts"].map((name) => ({ name, partitionCount })),
    );
    const counts = new Map<string, number>();
    const write = async (words: readonly number[]): Promise<void> => {
      for (const word of words) counts.set(`word ${word}`, (counts.get(`word ${word}`) ?? 0) + 1);
      await send(client, words);
    };
    const start = (): KillableProcess =>
      new KillableProcess([
        program,
        "--cluster",
        broker.address,
        "--state",
        state,
        "--snapshots",
        snapshots,
      ]);
    await write(Array.from({ length: keyCount }, (_, word) => word));
    const told = { loads: 0, refusals: 0, restored: 0, halves: 0 };
    const note = (line: string): void => {
      const { loads = 0, refusals = 0, restored = 0 } = JSON.parse(line) as Partial<typeof told>;
      told.loads += loads;
      told.refusals += refusals;
      told.restored += restored;
    };
    for (let kill = 1; kill <= killCount; kill++) {
      const application = start();
      // Every third is killed as it starts, perhaps in a load; the others as they copy.
      if (kill % 3 !== 0) {
        const line = await application.nextLine(60_000);
        expect(line, application.errors).toBeDefined();
        note(line ?? "{}");
        await application.nextLine(60_000);
      }
      await write(Array.from({ length: 200 }, () => Math.floor(random() * keyCount)));
      await application.killAfter(random() * (kill % 3 === 0 ? 2500 : 600));
      const { whole, halves } = await checkSnapshots();
      told.halves += halves;
      console.log(`kill ${kill}: ${whole} whole snapshots, ${halves} halves`);
      if (kill % 2 === 0) loseState();
    }
    loseState();
    const last = start();
    note((await last.nextLine(60_000)) ?? "{}");
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    await vi.waitUntil(
      async () => {
        const offsets = await client.admin.groupOffsets("crash-snapshots");
        return offsets.reduce((sum, { offset }) => sum + offset, 0) === total;
      },
      { timeout: 60_000, interval: 100 },
    );
    await last.endBy("SIGTERM");
    console.log(JSON.stringify(told));
    expect(told.refusals).toBe(0);
    expect(told.loads).toBeGreaterThan(0);
    const written = await readAll(
      client,
      partitionsOf("word-counts", partitionCount),
      int64AsNumber(),
    );
    expect(Object.fromEntries(written)).toEqual(Object.fromEntries(counts));
  },
  900_000,
);
