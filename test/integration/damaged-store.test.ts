import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { nodePlatform } from "@millrace/platform/node";
import { rocksdbEngineProvider } from "@millrace/rocksdb";
import type { StoreEngineProvider } from "@millrace/state";
import type { StreamsApp } from "@millrace/streams";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { TestWorld } from "./world/test-world.ts";
import {
  expectCounted,
  linesOf,
  plainCounts,
  readCounts,
  wordCount,
  wordTopics,
} from "./world/word-count.ts";

/** Damage on disk that is met by a read, hours after the start. */
let world: TestWorld;
let stateDirectory: string;
let engines: StoreEngineProvider;

beforeEach(async () => {
  world = await TestWorld.start(wordTopics);
  stateDirectory = mkdtempSync(join(tmpdir(), "millrace-damaged-store-"));
  const platform = nodePlatform({ logLevel: "error", writeLogLine: () => {} });
  engines = rocksdbEngineProvider(platform, { blockCacheBytes: 0 }); // each read is one of the disk
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(stateDirectory, { recursive: true, force: true });
});

/** Of all tables that the databases have open. */
function damageTables(): number {
  const tables = readdirSync(stateDirectory, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".sst") && !name.includes(".corrupt-"),
  );
  for (const name of tables) {
    const path = join(stateDirectory, name);
    const bytes = readFileSync(path);
    bytes.fill(0x5a, 0, Math.min(64, bytes.length));
    writeFileSync(path, bytes);
  }
  return tables.length;
}

function movedAside(): readonly string[] {
  return readdirSync(join(stateDirectory, "app")).filter((name) => name.includes(".corrupt-"));
}

describe.each([
  { processingGuarantee: "exactly_once" },
  { processingGuarantee: "at_least_once" },
] as const)("with %j, a store whose tables are damaged", (guarantee) => {
  const lines = linesOf(60);
  // What a policy would leave out is counted wrongly for good: it must not be asked.
  const options = (): object => ({ ...guarantee, stateDirectory, onProcessingError: "continue" });

  /** At least once: what was not committed may be counted again. */
  async function expectAllCounted(counted: readonly string[]): Promise<void> {
    if (guarantee.processingGuarantee === "exactly_once") return expectCounted(world, counted);
    const missing = async (): Promise<readonly string[]> => {
      const counts = await readCounts(world);
      return [...plainCounts(counted)].flatMap(([word, count]) =>
        (counts.get(word) ?? 0) < count ? [word] : [],
      );
    };
    await expect.poll(missing, { timeout: 20_000 }).toEqual([]);
  }

  /** Counts a third of the lines, and runs again: what was counted is in tables, and in no cache. */
  async function restarted(process = world.process()): Promise<StreamsApp> {
    await world.produce("lines", lines.slice(0, 20));
    const app = await world.app(wordCount(), options(), undefined, { engines });
    await expectCounted(world, lines.slice(0, 20));
    await app.close();
    return world.app(wordCount(), options(), process, { engines });
  }

  test("is set aside and rebuilt from its changelog, and the application goes on", async () => {
    const process = world.process();
    const app = await restarted(process);
    expect(damageTables()).toBeGreaterThan(0);
    await world.produce("lines", lines.slice(20, 40));
    await expectAllCounted(lines.slice(0, 40));
    expect(app.state).toBe("running");
    expect(process.has("streams.tasks-rebuilt")).toBe(true);
    expect(movedAside().length).toBeGreaterThan(0);
  });
  test("ends the application by name if it is damaged again", async () => {
    const app = await restarted();
    damageTables();
    await world.produce("lines", lines.slice(20, 40));
    await expectAllCounted(lines.slice(0, 40));
    await app.close(); // what was restored is in tables with the next opening
    const again = await world.app(wordCount(), options(), undefined, { engines });
    damageTables();
    await world.produce("lines", lines.slice(40));
    await expect(again.closed).rejects.toMatchObject({
      code: "PROCESSING_FAILED",
      cause: {
        code: "STORE_ENGINE_FAILED",
        message: expect.stringMatching(/was damaged before.* check the disk/),
      },
    });
  });
});
