import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { isVerify } from "../interop/apache-kafka.ts";
import { cacheFolder } from "../interop/run-suite.ts";
import { describePages } from "../docs/describe-pages.ts";
import { ProgramRunner } from "../docs/program-runner.ts";
import { describeExamples } from "./describe-examples.ts";
import { describeRuntimes } from "./describe-runtimes.ts";
import { installPackages, makeProject } from "./make-project.ts";
import { packPackages, publishedNames, repository, type PackedPackage } from "./pack-packages.ts";
import { unexportedTypes } from "./public-types.ts";
import { run } from "./run.ts";

// All that is published, packed as npm gets it, and installed into an empty project of a user with Node 22.18.
const root = mkdtempSync(join(tmpdir(), "millrace-packages-"));
const project = join(root, "project");
const modules = join(project, "node_modules");
const node22 = join(repository, "test/node_modules/node22/bin");
const counted = { the: 3, wheel: 2, turns: 2, water: 1 };
/** Whose types `npm test` has resolved, of those all under verify, in a process each: it has entries of all kinds. */
const sample = ["@millrace/platform"];
let packages: readonly PackedPackage[] = [];

// What one program of the project has compiled, the next one finds.
process.env["NODE_COMPILE_CACHE"] = join(root, "compiled");

/** Run the project's programs in turn, all but those of verify, which have a process each. */
const runners = isVerify ? [] : [1, 2].map(() => new ProgramRunner({ node: join(node22, "node") }));

beforeAll(async () => {
  packages = await packPackages(root);
  await makeProject(project, packages, [node22]);
  writeFileSync(join(project, "every-entry.ts"), everyEntry());
  const program = fileURLToPath(new URL("installed/word-count.ts", import.meta.url));
  cpSync(program, join(project, "word-count.ts"));
}, 300_000);

afterAll(() => {
  for (const runner of runners) runner.close();
  rmSync(root, { recursive: true, force: true });
}, 120_000);

describe("packed packages", () => {
  test("are all packages that are not private", () => {
    expect(packages.map(({ name }) => name).sort()).toEqual([...publishedNames()].sort());
  });

  test("name the versions of each other that they were packed with", () => {
    const versions = new Map(packages.map(({ name, manifest }) => [name, manifest.version]));
    for (const { name, manifest } of packages) {
      const all = { ...manifest.dependencies, ...manifest.optionalDependencies };
      for (const [dependency, version] of Object.entries(all)) {
        expect(version, `${name} on ${dependency}`).toMatch(/^\d+\.\d+\.\d+$/);
        const own = /^(?:@millrace\/|millrace$)/.test(dependency);
        if (own) expect(version, `${name} on ${dependency}`).toBe(versions.get(dependency));
      }
    }
  });

  test("hold no tests, none of their helpers, and nothing of the compiler's memory", async () => {
    for (const { tarball } of packages) {
      const files = await run("tar", ["-tzf", tarball], { cwd: root });
      expect(files).toContain("package/LICENSE\n");
      expect(files).not.toMatch(
        /\.test\.|tsbuildinfo|test-support|package\/(?:src|dist)\/.*testing\//,
      );
    }
  });

  test("are what publint asks for", async () => {
    for (const { name, tarball } of packages) {
      const bytes = new Uint8Array(readFileSync(tarball));
      const { messages, pkg } = await publint({ pack: { tarball: bytes.buffer }, strict: true });
      expect(
        messages.map((message) => formatMessage(message, pkg)),
        name,
      ).toEqual([]);
    }
  });

  test("have types that resolve wherever ESM does", async () => {
    const asked = isVerify ? packages : packages.filter(({ name }) => sample.includes(name));
    expect(asked.length).toBeGreaterThanOrEqual(sample.length);
    for (let index = 0; index < asked.length; index += 2) {
      await Promise.all(
        asked
          .slice(index, index + 2)
          .map(({ tarball }) => run("attw", ["--profile", "esm-only", tarball], { cwd: root })),
      );
    }
  }, 120_000);
});

describe("a project that has millrace alone", () => {
  const strict = join(root, "strict");

  test("can export streams, tables and topologies with their declarations", async () => {
    // As pnpm lays it out: what millrace depends on lies beside it where it really is, which the project cannot name.
    mkdirSync(join(strict, "node_modules"), { recursive: true });
    symlinkSync(join(modules, "millrace"), join(strict, "node_modules/millrace"));
    writeFileSync(join(strict, "package.json"), '{ "private": true, "type": "module" }\n');
    const module = fileURLToPath(new URL("installed/exported-streams.ts", import.meta.url));
    cpSync(module, join(strict, "exported-streams.ts"));
    writeFileSync(join(strict, "tsconfig.json"), JSON.stringify(tsconfig));
    await run("tsc", ["-p", "."], { cwd: strict });
    const declared = readFileSync(join(strict, "types/exported-streams.d.ts"), "utf8");
    expect(declared).toContain('KStream<string, Order, "known", "known">');
    expect(declared).not.toContain("@millrace");
  });

  test("finds every type that a signature of the DSL names among millrace's exports", () => {
    const roots = ["StreamsBuilder", "Topology", "KStream", "KTable", "KGroupedStream", "json"];
    const errors = ["ApplicationError", "CallbackError", "StreamsError", "TopologyError"];
    const entry = join(modules, "millrace/dist/index.d.ts");
    expect(unexportedTypes(entry, modules, [...roots, ...errors])).toEqual([]);
  });
});

describe("an empty project on Node 22.18", () => {
  test("has what npm installs of tarballs, with the binary that one of them may have", async () => {
    const folder = join(root, "by-npm");
    const names = ["@millrace/model", "@millrace/protocol"];
    const tarballs = packages.filter(({ name }) => names.includes(name));
    await installPackages(
      folder,
      tarballs.map(({ tarball }) => tarball),
      [node22],
    );
    const load = 'import("@millrace/protocol").then(() => import("@node-rs/crc32"))';
    await run("node", ["--eval", load], { cwd: folder, path: [node22] });
    for (const name of names)
      expect(filesIn(join(modules, name))).toEqual(filesIn(join(folder, "node_modules", name)));
  }, 240_000);

  test("loads every entry of every package", async () => {
    expect(await run("node", ["-v"], inProject())).toBe("v22.18.0\n");
    await runProgram("every-entry.ts");
  });

  test("counts words with stores in memory and in RocksDB", async () => {
    for (const engine of ["memory", "rocksdb"]) {
      const output = await runProgram("word-count.ts", `data-${engine}`, engine);
      expect(JSON.parse(output), engine).toEqual(counted);
    }
  }, 120_000);

  test("has the millrace command", async () => {
    const output = await run("node_modules/.bin/millrace", ["--help"], inProject());
    expect(output).toContain("millrace broker");
    const version = packages.find(({ name }) => name === "millrace")?.manifest.version;
    const told = await run("node_modules/.bin/millrace", ["--version"], inProject());
    expect(told).toBe(`millrace ${version}\n`);
  });

  test("says on an older Node which one it needs, however it is loaded", async () => {
    const node20 = await installNode20();
    for (const [type, load] of [
      ["module", 'import "millrace";'],
      ["commonjs", 'require("millrace");'],
    ]) {
      const loading = run("node", [`--input-type=${type}`, "--eval", load], {
        cwd: project,
        path: [node20],
      });
      await expect(loading, load).rejects.toThrow(
        /NodeVersionError: Millrace needs Node 22\.18 or newer, and this is Node 20\./,
      );
    }
    const command = run("node_modules/.bin/millrace", ["--help"], { cwd: project, path: [node20] });
    await expect(command).rejects.toThrow(/needs Node 22\.18 or newer/);
  }, 120_000);

  describePages(() => ({ folder: project, node22, runners }));

  describeExamples(() => ({ folder: project, node22, runProgram }));

  describeRuntimes(() => ({ folder: project, node22, packages }));
});

const tsconfig = {
  compilerOptions: {
    module: "nodenext",
    target: "es2024",
    lib: ["es2024", "esnext.disposable", "dom"],
    types: [],
    strict: true,
    skipLibCheck: true,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: "types",
  },
  include: ["*.ts"],
};

function inProject(): { readonly cwd: string; readonly path: readonly string[] } {
  return { cwd: project, path: [node22] };
}

/** Gives what a program of the project prints. */
async function runProgram(file: string, ...parameters: readonly string[]): Promise<string> {
  const [runner] = runners;
  if (runner === undefined) return run("node", [file, ...parameters], inProject());
  const program = { file: resolve(project, file), cwd: project, parameters };
  const { code, stdout, stderr } = await runner.run(program, 110_000);
  if (code !== 0) throw new Error(`${file} ended with ${code}\n${stdout}${stderr}`);
  return stdout;
}

function filesIn(folder: string): readonly string[] {
  return globSync("**/*", { cwd: folder }).sort();
}

/** Large, and for this alone: it is fetched once, into a cache. */
async function installNode20(): Promise<string> {
  const folder = cacheFolder("node20");
  const bin = join(folder, "node_modules/node/bin");
  if (!existsSync(join(bin, "node"))) {
    writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
    await run("npm", ["install", "--no-audit", "--no-fund", "node@20"], { cwd: folder });
  }
  return bin;
}

/** A program that imports all that the packages offer. */
function everyEntry(): string {
  const entries = packages.flatMap(({ name, manifest }) =>
    Object.keys(manifest.exports).map((entry) => `${name}${entry.slice(1)}`),
  );
  const imports = entries.map((entry, index) => `import * as entry${index} from "${entry}";`);
  const names = entries.map((_, index) => `entry${index}`);
  return `${imports.join("\n")}\nvoid [${names.join(", ")}];\n`;
}
