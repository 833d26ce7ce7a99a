import { readFileSync } from "node:fs";
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
