import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { besideBench, repository } from "./places.ts";

/** MiB for young objects, as `docs/guides/production.md` recommends. */
const semiSpaceMiB = { application: 32, broker: 8 };

/** `dist` in place of the packages' sources, and this folder's files without their types. */
const hooks = (stripped: string): string => `
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const [, place, file] = /^(.*\\/packages\\/[^/]+)\\/src\\/(.*)\\.ts$/.exec(found.url) ?? [];
    if (file === undefined) return found;
    return { ...found, url: place + "/dist/" + file + ".js", format: "module" };
  },
  load(url, context, next) {
    const [, file] = /\\/test\\/bench\\/([^/]+\\.ts)$/.exec(url) ?? [];
    if (file === undefined) return next(url, context);
    const source = readFileSync(${JSON.stringify(stripped)} + "/" + file, "utf8");
    return { format: "module", source, shortCircuit: true };
  },
});`;

let importFlag: string | undefined;

/**
 * How Node is run, application and broker: on compiled files, as npm installs them. Sources would cost each process the
 * memory and the time in which Node takes their types out. Compiles them first.
 */
export function nodeFlags(program: keyof typeof semiSpaceMiB): readonly string[] {
  importFlag ??= `--import=data:text/javascript,${encodeURIComponent(compiled())}`;
  return [`--max-semi-space-size=${semiSpaceMiB[program]}`, importFlag];
}

function compiled(): string {
  execFileSync(join(repository, "node_modules/.bin/tsc"), ["-b"], { cwd: repository });
  const stripped = mkdtempSync(join(tmpdir(), "millrace-bench-stripped-"));
  process.once("exit", () => rmSync(stripped, { recursive: true, force: true }));
  const folder = besideBench(".");
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".ts"))) {
    const source = readFileSync(join(folder, file), "utf8");
    writeFileSync(join(stripped, file), stripTypeScriptTypes(source));
  }
  return hooks(stripped);
}
