import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { nodePlatform } from "@millrace/platform/node";
import { rocksdbEngineProvider } from "@millrace/rocksdb";
import { sqliteEngineProvider } from "@millrace/sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";

import { TestWorld } from "./world/test-world.ts";
import {
  expectCopiedOnce,
  expectCounted,
  linesOf,
  wordCount,
  wordTopics,
} from "./world/word-count.ts";

/** An application that is started again with another engine on the same folder. */
let world: TestWorld;
let stateDirectory: string;

beforeEach(async () => {
  world = await TestWorld.start(wordTopics);
  stateDirectory = mkdtempSync(join(tmpdir(), "millrace-engine-change-"));
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(stateDirectory, { recursive: true, force: true });
});

test("state of another engine is set aside and restored from the changelogs: nothing is counted twice, or lost", async () => {
  const events: string[] = [];
  const platform = nodePlatform({ logLevel: "warn", writeLogLine: (line) => events.push(line) });
  const engines = [rocksdbEngineProvider(platform), sqliteEngineProvider(platform)];
  const lines = linesOf(30);
  for (let run = 0; run < 3; run++) {
    events.length = 0;
    await world.produce("lines", lines.slice(10 * run, 10 * run + 10));
    const options = { stateDirectory };
    const app = await world.app(wordCount(), options, undefined, { engines: engines[run % 2] });
    await expectCounted(world, lines.slice(0, 10 * run + 10));
    await app.close();
    const folders = readdirSync(join(stateDirectory, "app"));
    const tasks = folders.filter((name) => /^\d+_\d+$/.test(name));
    const changed = events.filter((line) => line.includes("state.engine-changed"));
    expect(changed).toHaveLength(run === 0 ? 0 : tasks.length);
    const before = run % 2 === 0 ? "sqlite" : "rocksdb";
    const aside = folders.filter((name) => name.includes(`.${before}-`));
    expect(aside).toHaveLength(run === 0 ? 0 : tasks.length); // the last of each engine is kept
  }
  await expectCopiedOnce(world, lines);
});
