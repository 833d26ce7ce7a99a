import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { rolldown, type Plugin } from "rolldown";

/*
 * A process or a thread that a test starts loads a thousand modules, which takes ten times as long as loading the same
 * code from a few files: half a second of a core, hundreds of times. So the packages' entries are bundled once, into
 * `node_modules/.cache/bundled`, and `bundled.mjs` there, which each such process and thread imports first, leads the
 * imports of these entries to their bundles. What else there is, and what the tests import themselves, is loaded from
 * its own files; so is everything under `npm run verify`.
 */

const root = resolve(import.meta.dirname, "../..");
const cache = join(root, "node_modules/.cache/bundled");
/** Bundles of earlier sources may be in use as long. */
const keptMs = 24 * 60 * 60 * 1000;

/** The address of what a process is to import first. */
export async function bundlePackages(): Promise<string> {
  const folder = join(
    cache,
    keyOf(
      globSync("{packages/*/src/**/*.ts,packages/*/package.json,test/bundled/*.ts}", { cwd: root }),
    ),
  );
  if (!existsSync(folder)) await writeBundles(folder);
  return pathToFileURL(join(folder, "bundled.mjs")).href;
}

/** Another one where a file has changed. */
function keyOf(names: readonly string[]): string {
  const hash = createHash("sha256");
  for (const name of names.toSorted()) {
    const { mtimeMs, size } = statSync(join(root, name));
    hash.update(`${name} ${mtimeMs} ${size}\n`);
  }
  return hash.digest("hex").slice(0, 16);
}

async function writeBundles(folder: string): Promise<void> {
  for (const name of globSync("*", { cwd: cache })) {
    const isOld = Date.now() - statSync(join(cache, name)).mtimeMs > keptMs;
    if (isOld) rmSync(join(cache, name), { recursive: true, force: true });
  }
  const temporary = `${folder}.${process.pid}`; // others may bundle the same
  const input = Object.fromEntries(entries().map((file, index) => [`entry-${index}`, file]));
  await using bundle = await rolldown({
    input,
    platform: "node",
    treeshake: false,
    plugins: [ownAddresses, foreignPackages],
  });
  const { output } = await bundle.write({ dir: temporary, format: "esm", keepNames: true });
  const bundles: Record<string, string> = {};
  for (const file of output) {
    if (file.type !== "chunk" || !file.isEntry || file.facadeModuleId === null) continue;
    bundles[pathToFileURL(file.facadeModuleId).href] = pathToFileURL(
      join(folder, file.fileName),
    ).href;
  }
  writeFileSync(join(temporary, "bundled.mjs"), preload(bundles));
  try {
    renameSync(temporary, folder);
  } catch (error) {
    rmSync(temporary, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
}

/** Files that packages are imported by, and programs of theirs. */
function entries(): readonly string[] {
  const exported = globSync("packages/*/package.json", { cwd: root }).flatMap((name) => {
    const text = readFileSync(join(root, name), "utf8");
    const { exports } = JSON.parse(text) as { readonly exports: Readonly<Record<string, string>> };
    return Object.values(exports).map((file) => join(root, name, "..", file));
  });
  return [
    ...exported,
    ...globSync("packages/*/src/main.ts", { cwd: root }).map((name) => join(root, name)),
  ];
}

/** A module finds what it finds from its own file, wherever it is bundled. */
const ownAddresses: Plugin = {
  name: "own-addresses",
  async transform(code, id) {
    if (!code.includes("import.meta.")) return null;
    let written = code.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(id).href));
    for (const [call, name] of written.matchAll(/import\.meta\.resolve\("([^"]+)"\)/g)) {
      const found = await this.resolve(name, id);
      if (found === null) throw new Error(`${id} resolves ${name}, which is not there`);
      written = written.replaceAll(call, JSON.stringify(pathToFileURL(found.id).href));
    }
    return written;
  },
};

/** Packages of others stay in their own files: a program that imports one has the same. */
const foreignPackages: Plugin = {
  name: "foreign-packages",
  async resolveId(source, importer, options) {
    if (importer === undefined || source.startsWith(".")) return null;
    const found = await this.resolve(source, importer, { ...options, skipSelf: true });
    if (found === null) return { id: source, external: true };
    if (found.external !== false || !found.id.includes("/node_modules/")) return found;
    return { id: pathToFileURL(found.id).href, external: true };
  },
};

/** Not in the processes that run tests: these import files of packages, too, and would have classes twice. */
function preload(bundles: Readonly<Record<string, string>>): string {
  return `import module from "node:module";
import { isMainThread } from "node:worker_threads";
const bundles = new Map(Object.entries(${JSON.stringify(bundles)}));
const runsTests = isMainThread && /[\\\\/]vitest[\\\\/]/.test(process.argv[1] ?? "");
if (!runsTests)
  module.registerHooks?.({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const url = bundles.get(found.url);
      return url === undefined ? found : { ...found, url, format: "module" };
    },
  });
`;
}
