import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = join(dirname(fileURLToPath(import.meta.url)), "../..");

export interface SourceFile {
  /** From the top of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** All TypeScript files of the project, tests included, build output left out. */
export function sourceFiles(): readonly SourceFile[] {
  const files: SourceFile[] = [];
  for (const top of ["packages", "examples", "test"]) collect(join(repository, top), files);
  return files;
}

export function isTest(path: string): boolean {
  return path.endsWith(".test.ts") || path.startsWith("test/");
}

/** `streams` for `packages/streams/src/task/stream-task.ts`. */
export function packageOf(path: string): string | undefined {
  return /^packages\/([^/]+)\/src\//.exec(path)?.[1];
}

/** Module names that a file imports or re-exports, as written. */
export function importsOf(text: string): readonly string[] {
  const found: string[] = [];
  const pattern =
    /^\s*(?:import|export)\b[^;"']*?\bfrom\s*["']([^"']+)["']|^import\s*["']([^"']+)["']/gm;
  for (const match of text.matchAll(pattern)) found.push(match[1] ?? match[2]);
  return found;
}

function collect(folder: string, files: SourceFile[]): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === "node_modules" || entry.name === "dist" || entry.name === "data") continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) collect(path, files);
    else if (entry.name.endsWith(".ts")) {
      const name = relative(repository, path).replaceAll("\\", "/");
      files.push({ path: name, text: readFileSync(path, "utf8") });
    }
  }
}
