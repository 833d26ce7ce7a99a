import { existsSync, globSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { run, runPnpm } from "./run.ts";

export const repository = fileURLToPath(new URL("../..", import.meta.url));

/** A package as npm would take it. */
export interface PackedPackage {
  readonly name: string;
  readonly tarball: string;
  readonly manifest: PackedManifest;
}

export interface PackedManifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
}

/** Compiles and packs all packages that are published. */
export async function packPackages(folder: string): Promise<readonly PackedPackage[]> {
  await run("tsc", ["-b", ...publishedFolders()], { cwd: repository });
  removeStaleOutput();
  const pack = ["--filter", "./packages/*", "-r", "pack", "--pack-destination", folder];
  await runPnpm(pack, { cwd: repository });
  const tarballs = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  return Promise.all(
    tarballs.map(async (file) => {
      const tarball = join(folder, file);
      const text = await run("tar", ["-xzOf", tarball, "package/package.json"], { cwd: folder });
      // Written by pnpm a moment ago, from manifests of ours.
      const manifest = JSON.parse(text) as PackedManifest;
      return { name: manifest.name, tarball, manifest };
    }),
  );
}

/** Takes away what was compiled from sources that are gone: the compiler leaves it. */
function removeStaleOutput(): void {
  for (const output of globSync("packages/*/dist/**/*.js", { cwd: repository })) {
    const source = output.replace("/dist/", "/src/").replace(/\.js$/, ".ts");
    if (existsSync(join(repository, source))) continue;
    const stem = join(repository, output.slice(0, -".js".length));
    for (const ending of [".js", ".js.map", ".d.ts", ".d.ts.map"]) {
      rmSync(`${stem}${ending}`, { force: true });
    }
  }
}

/** Names of the packages in the source tree that are not private. */
export function publishedNames(): readonly string[] {
  return publishedFolders().map((folder) => readManifest(folder).name);
}

export function publishedFolders(): readonly string[] {
  return readdirSync(join(repository, "packages"))
    .map((name) => join(repository, "packages", name))
    .filter((folder) => readManifest(folder).private !== true);
}

function readManifest(folder: string): { readonly name: string; readonly private?: boolean } {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name: string };
}
