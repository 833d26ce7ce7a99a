import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { isVerify } from "../interop/apache-kafka.ts";
import { cacheFolder, prepare, runSuite } from "../interop/run-suite.ts";
import type { PackedPackage } from "./pack-packages.ts";

/** A project of a user's, which has all packages and `installed/word-count.ts`. */
export interface RuntimesProject {
  readonly folder: string;
  readonly node22: string;
  readonly packages: readonly PackedPackage[];
}

interface Runtime {
  readonly name: string;
  /** What is called, and what it is given before the program. */
  readonly command: () => Promise<readonly [string, ...string[]]>;
}

const runtimeVersions = { bun: "1.4.5", deno: "2.9.6" } as const;
const counted = { the: 3, wheel: 2, turns: 2, water: 1 };
const timeoutMs = 120_000;

/** Where stores lie where RocksDB is not, and that other runtimes than Node run all of it. */
export function describeRuntimes(project: () => RuntimesProject): void {
  const node: Runtime = {
    name: "Node 22.18",
    command: () => Promise.resolve([join(project().node22, "node")]),
  };
  const others = Object.keys(runtimeVersions).map((name) => ({
    name,
    command: () => commandOf(name),
  }));
  const runtimes = isVerify ? [node, ...others] : [node];

  if (isVerify)
    test.each(others)(
      "$name counts words with stores in memory, in RocksDB and in SQLite, and has the command",
      async ({ command, name }) => {
        const [file, ...flags] = await command();
        const { folder: cwd } = project();
        for (const engine of ["memory", "rocksdb", "sqlite"]) {
          const given = [...flags, "word-count.ts", `data-${name}-${engine}`, engine];
          const { output } = await runSuite(file, given, { cwd, timeoutMs });
          expect(JSON.parse(output), `${name} ${engine}`).toEqual(counted);
        }
        const main = [...flags, "node_modules/millrace/dist/main.js", "--version"];
        const { output } = await runSuite(file, main, { cwd, timeoutMs });
        expect(output).toMatch(/^millrace \d+\.\d+\.\d+\n$/);
      },
      3 * timeoutMs,
    );

  describe("without RocksDB's package", () => {
    const installed = (): string => join(project().folder, "node_modules/@millrace/rocksdb");
    const aside = (): string => join(project().folder, "set-aside");
    beforeAll(() => renameSync(installed(), aside()));
    afterAll(() => renameSync(aside(), installed()));

    test.each(runtimes)(
      "stores are in SQLite on $name, which is said once; where RocksDB is asked for, an error says what to do",
      async ({ command, name }) => {
        const [file, ...flags] = await command();
        const { folder: cwd } = project();
        const data = `data-without-${name.replaceAll(/\W/g, "")}`;
        const run = (engine: string) =>
          runSuite(file, [...flags, "word-count.ts", data, engine], { cwd, timeoutMs });
        const refused = await run("rocksdb");
        expect(refused.output).toContain("Leave storeEngine out");
        const { exitCode, output } = await run("fitting");
        expect(exitCode, output).toBe(0);
        const lines = output.trim().split("\n");
        expect(JSON.parse(lines.at(-1) ?? ""), output).toEqual(counted);
        const told = lines.filter((line) => line.includes("millrace.store-engine-chosen"));
        expect(told).toEqual([expect.stringMatching(/"engine":"sqlite","cause":".*rocksdb/)]);
        const task = join(cwd, data, "state/word-count/1_0");
        expect(readdirSync(task)).toContain("store.sqlite");
      },
      2 * timeoutMs,
    );
  });

  if (isVerify)
    test(
      "npm installs where RocksDB's binary does not fit, and leaves it out",
      async () => {
        const { folder, node22, packages } = project();
        const cwd = join(folder, "unfitting");
        mkdirSync(cwd);
        const isOptional = ({ name }: PackedPackage): boolean => name === "@millrace/rocksdb";
        const byName = (some: readonly PackedPackage[]): Readonly<Record<string, string>> =>
          Object.fromEntries(some.map(({ name, tarball }) => [name, `file:${tarball}`]));
        const manifest = {
          private: true,
          type: "module",
          dependencies: byName(packages.filter((one) => !isOptional(one))),
          optionalDependencies: byName(packages.filter(isOptional)),
        };
        writeFileSync(join(cwd, "package.json"), JSON.stringify(manifest));
        // What its install script looks for: a binary of another machine.
        const env = {
          LIBC: "musl",
          npm_config_arch: "arm64",
          PATH: `${node22}:${process.env["PATH"]}`,
        };
        const flags = [
          "install",
          "--no-audit",
          "--no-fund",
          "--prefer-offline",
          "--loglevel=error",
        ];
        await prepare("npm", flags, { cwd, env, timeoutMs: 2 * timeoutMs });
        expect(existsSync(join(cwd, "node_modules/millrace"))).toBe(true);
        expect(existsSync(join(cwd, "node_modules/@nxtedition/rocksdb/index.js"))).toBe(false);
        const load = 'await import("millrace"); await import("@millrace/sqlite")';
        await prepare(join(node22, "node"), ["--input-type=module", "--eval", load], {
          cwd,
          timeoutMs,
        });
      },
      4 * timeoutMs,
    );
}

/** Large, and for these tests alone: fetched once, into a cache. */
async function commandOf(name: string): Promise<readonly [string, ...string[]]> {
  const cwd = cacheFolder("runtimes");
  const wanted = Object.entries(runtimeVersions).map(([one, version]) => `${one}@${version}`);
  const mark = join(cwd, `installed-${wanted.join("-")}`);
  if (!existsSync(mark)) {
    writeFileSync(join(cwd, "package.json"), '{ "private": true }\n');
    const flags = ["install", "--no-audit", "--no-fund", "--loglevel=error", ...wanted];
    await prepare("npm", flags, { cwd, timeoutMs: 300_000 });
    writeFileSync(mark, "");
  }
  const file = join(cwd, "node_modules/.bin", name);
  return name === "deno" ? [file, "run", "-A", "--no-check"] : [file, "run"];
}
