import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { repository } from "../tidy/source-files.ts";

/** Pages that speak to users: whatever code is on them is run. */
export const pages: readonly string[] = [
  "README.md",
  ...globSync("docs/*.md", { cwd: repository }),
  ...globSync("docs/{guides,reference}/*.md", { cwd: repository }),
].sort();

/** A block of code of a page. */
export interface Block {
  readonly page: string;
  /** From 1. */
  readonly number: number;
  /** After the three backticks, such as `ts` or `ts vitest`. */
  readonly kind: string;
  readonly code: string;
}

export function blocksOf(page: string): readonly Block[] {
  const text = readFileSync(join(repository, page), "utf8");
  return [...text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, kind, code], index) => ({
    page,
    number: index + 1,
    kind,
    code,
  }));
}

/** What a test does with a block. */
export type Treatment =
  | "program"
  | "endless program"
  | "program of Node 24"
  | "CommonJS program"
  | "vitest"
  | "shell"
  | "tsconfig"
  | "pnpm-workspace"
  | "picture"
  | "elsewhere";

/** Shell commands that other tests run, and the one language that needs a machine of its own. */
const elsewhere: readonly RegExp[] = [
  /^npm (?:start|test|install)\b/, // test/crash, test/check.ts, the project that these blocks run in
  /^FROM /, // Docker
  /^seed \d+ violates /, // what is told, to be read
];

export function treatmentOf({ kind, code }: Block): Treatment | undefined {
  if (elsewhere.some((pattern) => pattern.test(code))) return "elsewhere";
  if (kind.startsWith("picture ")) return "picture";
  switch (kind) {
    case "ts":
      if (code.includes("await using")) return "program of Node 24";
      return /StreamsApp\.run\(|\.listen\(/.test(code) ? "endless program" : "program";
    case "java": // to compare with
      return "elsewhere";
    case "ts vitest":
      return "vitest";
    case "js":
      return "CommonJS program";
    case "properties": // a test of its own starts a broker with them
      return "elsewhere";
    case "sh":
      return "shell";
    case "json":
      return code.includes("compilerOptions") ? "tsconfig" : undefined;
    case "yaml":
      if (/^(?:scrape_configs|groups):/.test(code)) return "elsewhere"; // its names have a test
      return code.includes("allowBuilds") ? "pnpm-workspace" : undefined;
    default:
      return undefined;
  }
}
