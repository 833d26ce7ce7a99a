import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { PackedPackage } from "./pack-packages.ts";
import { run } from "./run.ts";

/**
 * A project that has `millrace` alone, as pnpm lays it out: what `millrace` depends on is beside it in a store, where the
 * project's own files cannot name it.
 */
export async function makeStrictProject(
  folder: string,
  packages: readonly PackedPackage[],
): Promise<void> {
  const store = join(folder, "node_modules/.pnpm/millrace/node_modules");
  for (const { name, tarball } of packages) {
    const target = join(store, name);
    mkdirSync(target, { recursive: true });
    await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", target], { cwd: folder });
  }
  symlinkSync(join(store, "millrace"), join(folder, "node_modules/millrace"));
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
}
