import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { nodePlatform } from "@millrace/platform/node";
import { expect, test } from "vitest";

import { chooseEngine, type WantedEngine } from "./choose-engine.ts";

const counting = { storeNames: ["counts"] };

async function chosen(wanted: Partial<WantedEngine>, topology = counting) {
  const lines: string[] = [];
  const platform = nodePlatform({ logLevel: "warn", writeLogLine: (line) => lines.push(line) });
  const all = { storeEngine: undefined, rocksdbConfig: undefined, ...wanted };
  return { engine: await chooseEngine(platform, topology, all), lines };
}

test("what is asked for is taken, and without a folder stores are in memory", async () => {
  expect(await chosen({})).toEqual({ engine: "memory", lines: [] });
  expect(await chosen({ stateDirectory: "s" })).toEqual({ engine: "rocksdb", lines: [] });
  for (const storeEngine of ["rocksdb", "sqlite", "memory"] as const)
    expect(await chosen({ storeEngine, stateDirectory: "s" })).toEqual({
      engine: storeEngine,
      lines: [],
    });
});

test("a function that sets up RocksDB is told of where it is not asked", async () => {
  const rocksdbConfig = () => undefined;
  for (const storeEngine of ["sqlite", "memory"] as const) {
    const { lines } = await chosen({ storeEngine, stateDirectory: "s", rocksdbConfig });
    expect(lines).toEqual([expect.stringMatching(/"millrace\.option-unused".*rocksdbConfig/)]);
  }
  expect((await chosen({ stateDirectory: "s", rocksdbConfig })).lines).toEqual([]);
});

/** In a process of its own, in which one module is not to be had. */
const without = `
  import { registerHooks } from "node:module";
  const [absent, given] = process.argv.slice(1);
  registerHooks({
    resolve: (name, context, next) => {
      if (name === absent) throw new Error("No native build was found for " + name + "\\n at all");
      return next(name, context);
    },
  });`;

const choice = `${without}
  const { nodePlatform } = await import("@millrace/platform/node");
  const { chooseEngine } = await import("./choose-engine.ts");
  const storeNames = given === "none" ? [] : [given];
  const wanted = { storeEngine: undefined, rocksdbConfig: undefined, stateDirectory: "s" };
  console.log(await chooseEngine(nodePlatform(), { storeNames }, wanted));`;

const application = `${without}
  const { string } = await import("@millrace/serde");
  const { StreamsBuilder } = await import("@millrace/streams");
  const { StreamsApp } = await import("../streams-app.ts");
  const builder = new StreamsBuilder();
  const value = string();
  builder.stream("lines", { value }).mapValues((line) => line + "!").to("copies", { value });
  const app = await StreamsApp.start(builder.build(), {
    applicationId: "copy",
    cluster: "embedded:" + given + "/cluster",
    stateDirectory: given + "/state",
    topics: { lines: 1, copies: 1 },
    logLevel: "warn",
  });
  console.log(app.state);
  await app.close();`;

test.each(["@millrace/rocksdb", "@nxtedition/rocksdb"])(
  "without %s SQLite is taken, with one line that says why",
  (absent) => {
    const { stdout, stderr } = run(absent, "counts");
    expect(stdout).toBe("sqlite\n");
    const lines = stderr.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({
        level: "warn",
        event: "millrace.store-engine-chosen",
        engine: "sqlite",
        cause: `No native build was found for ${absent}`,
      }),
    ]);
  },
);

test("a program without stores hears nothing of engines", async () => {
  expect(run("@nxtedition/rocksdb", "none")).toMatchObject({ stdout: "memory\n", stderr: "" });
  expect(await chosen({ stateDirectory: "s" }, { storeNames: [] })).toMatchObject({
    engine: "memory",
  });
});

test("a program without stores runs where RocksDB is not, and leaves the state of an earlier one as it is", () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-engines-"));
  try {
    const task = join(folder, "state", "copy", "0_0");
    mkdirSync(task, { recursive: true });
    writeFileSync(join(task, "CURRENT"), "of an earlier program");
    const { stdout, stderr } = runProgram(application, "@millrace/rocksdb", folder);
    expect({ stdout, stderr }).toEqual({ stdout: "running\n", stderr: "" });
    expect(readdirSync(join(folder, "state", "copy"))).toContain("0_0");
    expect(readdirSync(task)).toEqual(["CURRENT"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

function run(...parameters: readonly string[]) {
  return runProgram(choice, ...parameters);
}

function runProgram(program: string, ...parameters: readonly string[]) {
  return spawnSync(process.execPath, ["--input-type=module", "-e", program, ...parameters], {
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    encoding: "utf8",
  });
}
