import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { isVerify } from "../interop/apache-kafka.ts";
import { cacheFolder } from "../interop/run-suite.ts";
import { describePages } from "../docs/describe-pages.ts";
import { describeExamples } from "./describe-examples.ts";
import { describeRuntimes } from "./describe-runtimes.ts";
import { packPackages, publishedNames, repository, type PackedPackage } from "./pack-packages.ts";
import { unexportedTypes } from "./public-types.ts";
import { run } from "./run.ts";
import { makeStrictProject } from "./strict-project.ts";

// All that is published, packed as npm gets it, and installed into an empty project of a user with Node 22.18.
const root = mkdtempSync(join(tmpdir(), "millrace-packages-"));
const project = join(root, "project");
const node22 = join(repository, "test/node_modules/node22/bin");
const counted = { the: 3, wheel: 2, turns: 2, water: 1 };
let packages: readonly PackedPackage[] = [];

beforeAll(async () => {
  mkdirSync(project);
  packages = await packPackages(root);
}, 120_000);

afterAll(() => rmSync(root, { recursive: true, force: true }));

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
    const asked = isVerify ? packages : packages.filter((_, index) => index % 5 === 0);
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
    mkdirSync(strict);
    await makeStrictProject(strict, packages);
    const module = fileURLToPath(new URL("installed/exported-streams.ts", import.meta.url));
    cpSync(module, join(strict, "exported-streams.ts"));
    const compilerOptions = { ...tsconfig.compilerOptions, types: [], skipLibCheck: true };
    const declarations = { declaration: true, emitDeclarationOnly: true, outDir: "types" };
    writeFileSync(
      join(strict, "tsconfig.json"),
      JSON.stringify({ ...tsconfig, compilerOptions: { ...compilerOptions, ...declarations } }),
    );
    await run("tsc", ["-p", "."], { cwd: strict });
    const declared = readFileSync(join(strict, "types/exported-streams.d.ts"), "utf8");
    expect(declared).toContain('KStream<string, Order, "known", "known">');
    expect(declared).not.toContain("@millrace");
  });

  test("finds every type that a signature of the DSL names among millrace's exports", () => {
    const store = join(strict, "node_modules/.pnpm/millrace/node_modules");
    const roots = ["StreamsBuilder", "Topology", "KStream", "KTable", "KGroupedStream", "json"];
    const errors = ["ApplicationError", "CallbackError", "StreamsError", "TopologyError"];
    const entry = join(store, "millrace/dist/index.d.ts");
    expect(unexportedTypes(entry, store, [...roots, ...errors])).toEqual([]);
  });
});

describe("an empty project on Node 22.18", () => {
  beforeAll(async () => {
    writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }\n');
    const tarballs = packages.map(({ tarball }) => tarball);
    const flags = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
    // What pages show beside it: a schema library, rxjs, and OpenTelemetry's port and SDK.
    const sdk = ["sdk-trace", "core", "context-async-hooks"].map(
      (one) => `@opentelemetry/${one}@3`,
    );
    const wanted = [...tarballs, "zod@4", "rxjs@7", "@opentelemetry/api@1", ...sdk];
    await run("npm", ["install", ...flags, ...wanted], { cwd: project, path: [node22] });
    writeFileSync(join(project, "every-entry.ts"), everyEntry());
    const program = fileURLToPath(new URL("installed/word-count.ts", import.meta.url));
    cpSync(program, join(project, "word-count.ts"));
  }, 240_000);

  test("loads every entry of every package", async () => {
    expect(await run("node", ["-v"], inProject())).toBe("v22.18.0\n");
    await run("node", ["every-entry.ts"], inProject());
  });

  test("counts words with stores in memory and in RocksDB", async () => {
    for (const engine of ["memory", "rocksdb"]) {
      const output = await run("node", ["word-count.ts", `data-${engine}`, engine], inProject());
      expect(JSON.parse(output), engine).toEqual(counted);
    }
  });

  test("type-checks against the installed types, library files included", async () => {
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify(tsconfig));
    await run("tsc", ["--noEmit"], { cwd: project });
  });

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

  describePages(() => ({ folder: project, node22 }));

  describeExamples(() => ({ folder: project, node22 }));

  describeRuntimes(() => ({ folder: project, node22, packages }));
});

const tsconfig = {
  compilerOptions: {
    module: "nodenext",
    target: "es2024",
    lib: ["es2024", "esnext.disposable", "dom"],
    types: ["node"],
    strict: true,
    skipLibCheck: false,
  },
  include: ["*.ts"],
};

function inProject(): { readonly cwd: string; readonly path: readonly string[] } {
  return { cwd: project, path: [node22] };
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
