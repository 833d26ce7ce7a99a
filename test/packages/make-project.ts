import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { isVerify } from "../interop/apache-kafka.ts";
import { publishedFolders, repository, type PackedPackage } from "./pack-packages.ts";
import { run } from "./run.ts";

// What pages show beside them: a schema library, rxjs, and OpenTelemetry's port and SDK.
const sdk = ["sdk-trace", "core", "context-async-hooks"].map((one) => `@opentelemetry/${one}@3`);
const besides = ["zod@4", "rxjs@7", "@opentelemetry/api@1", ...sdk];

const flags = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];

/** Installs packages into an empty project, as users do. */
export async function installPackages(
  folder: string,
  wanted: readonly string[],
  path: readonly string[],
): Promise<void> {
  writeManifest(folder);
  await run("npm", ["install", ...flags, ...wanted], { cwd: folder, path });
}

/**
 * An empty project of a user's that has all packages. npm takes a quarter of a minute of a processor to install them: it
 * does under verify. Elsewhere they are unpacked to where npm puts them, and what they depend on is what pnpm installed
 * here, in the same versions.
 */
export async function makeProject(
  folder: string,
  packages: readonly PackedPackage[],
  path: readonly string[],
): Promise<void> {
  if (isVerify)
    return installPackages(folder, [...packages.map(({ tarball }) => tarball), ...besides], path);
  writeManifest(folder);
  const modules = join(folder, "node_modules");
  for (const { name, tarball, manifest } of packages) {
    const target = join(modules, name);
    mkdirSync(target, { recursive: true });
    await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", target], { cwd: folder });
    for (const [command, file] of Object.entries(manifest.bin ?? {}))
      link(join(target, file), join(modules, ".bin", command));
  }
  for (const [name, place] of dependenciesOf(packages)) link(place, join(modules, name));
}

/** What they depend on and is not ours, and where it lies in this repository. */
function dependenciesOf(packages: readonly PackedPackage[]): ReadonlyMap<string, string> {
  const folders = [...publishedFolders(), join(repository, "test"), repository];
  const needed = packages.flatMap(({ manifest }) =>
    Object.keys({
      ...manifest.dependencies,
      ...manifest.optionalDependencies,
      ...manifest.peerDependencies,
    }),
  );
  const others = new Set([...needed, ...besides.map((one) => one.slice(0, one.lastIndexOf("@")))]);
  for (const { name } of packages) others.delete(name);
  return new Map(
    [...others].map((name) => {
      const places = folders.map((folder) => join(folder, "node_modules", name));
      const place = places.find((one) => existsSync(one));
      if (place === undefined) throw new Error(`${name} is not installed here`);
      return [name, place];
    }),
  );
}

function writeManifest(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}
