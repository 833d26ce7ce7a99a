import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

import { expect, test } from "vitest";

import { repository } from "./source-files.ts";

/** Each costs every process that loads it tens of milliseconds, and a program may never use it. */
const loadedOnUse = [
  "node:http",
  "node:https",
  "node:http2",
  "node:tls",
  "hono",
  "@hono/node-server",
];

test("an application loads what serves and asks over HTTP, and TLS, where it uses them", () => {
  const loaded = loadsOf(join(repository, "packages/millrace/src/index.ts"));
  expect(loaded.size).toBeGreaterThan(500);
  expect([...loaded.keys()]).toContain("node:net");
  const tooEarly = loadedOnUse.filter((module) => loaded.has(module));
  expect(tooEarly.map((module) => `${module} by ${loaded.get(module)}`)).toEqual([]);
});

/** Hundreds of modules each: help, and commands that ask a cluster, do without them. */
const loadedToRun = ["broker", "client", "log", "schema-registry-server", "state", "streams"];

test("a command loads the broker, the client and Streams where it runs them", () => {
  const commands = globSync("packages/cli/src/commands/*.ts", { cwd: repository });
  const read = commands.filter((path) => !path.endsWith(".test.ts"));
  expect(read.length).toBeGreaterThan(20);
  const entries = loadedToRun.map((name) => fileOf(`@millrace/${name}`));
  for (const path of read) {
    const loaded = loadsOf(join(repository, path));
    const tooEarly = entries.filter((entry) => loaded.has(entry));
    expect(
      tooEarly.map((entry) => `${relative(repository, entry)} by ${loaded.get(entry)}`),
      path,
    ).toEqual([]);
  }
});

/** Files and foreign modules that are loaded with a file, and the first that loads each. */
function loadsOf(entry: string): ReadonlyMap<string, string> {
  const loaded = new Map([[entry, "nobody"]]);
  for (const file of loaded.keys()) {
    if (!file.endsWith(".ts")) continue;
    for (const module of loadsIn(readFileSync(file, "utf8"))) {
      const target = module.startsWith(".") ? join(dirname(file), module) : fileOf(module);
      if (!loaded.has(target)) loaded.set(target, relative(repository, file));
    }
  }
  return loaded;
}

/** As written; an import of types alone loads nothing. */
function loadsIn(text: string): readonly string[] {
  const pattern =
    /^(?:import|export) (?!type\b)[^;"']*?\bfrom\s*["']([^"']+)["']|^import\s*["']([^"']+)["']/gm;
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[2]);
}

/** The file of one of our packages' entries; of another package its name. */
function fileOf(module: string): string {
  const [, name, entry] = /^@millrace\/([^/]+)(.*)$/.exec(module) ?? [];
  if (name === undefined) return module;
  const folder = join(repository, "packages", name);
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, string>>;
  };
  return join(folder, exports[`.${entry}`]);
}
