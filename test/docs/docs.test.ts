import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";

import { repository } from "../tidy/source-files.ts";

/** Pages whose TypeScript is taken out and run. */
const pages = ["README.md", "docs/getting-started.md", "docs/guides/producing-and-consuming.md"];
/** A program that runs for ever is asked to end after this long; the others have longer. */
const endlessMs = 8000;
const endingMs = 25_000;

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function blocksOf(page: string): readonly string[] {
  const text = readFileSync(join(repository, page), "utf8");
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code);
}

/** Runs a block in an empty folder; its imports resolve as in a test. */
async function run(code: string): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-docs-"));
  symlinkSync(join(repository, "test/node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "block.ts"), code);
  const program = spawn(process.execPath, ["block.ts"], { cwd: folder });
  let output = "";
  for (const stream of [program.stdout, program.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const waitMs = code.includes("StreamsApp.run") ? endlessMs : endingMs;
  const timer = setTimeout(() => program.kill("SIGTERM"), waitMs);
  const exitCode = await new Promise<number | null>((resolve) => program.once("close", resolve));
  clearTimeout(timer);
  rmSync(folder, { recursive: true, force: true });
  return { code: exitCode, output };
}

describe.each(pages)("%s", (page) => {
  const blocks = blocksOf(page);

  test("has code", () => expect(blocks.length).toBeGreaterThan(0));

  test.each(blocks.map((code, index) => ({ code, name: `block ${index + 1}` })))(
    "$name runs as it stands",
    async ({ code }) => {
      const ended = await run(code);
      expect(ended, ended.output).toMatchObject({ code: 0 });
    },
  );
});

test("links between the pages lead somewhere", () => {
  const broken = [
    ...pages,
    "CONTRIBUTING.md",
    "docs/compatibility.md",
    "docs/internals/follow-a-record.md",
  ].flatMap((page) => {
    const text = readFileSync(join(repository, page), "utf8");
    return [...text.matchAll(/\]\(([^)#:]+)\)/g)]
      .map(([, link]) => join(repository, dirname(page), link))
      .filter((path) => !existsSync(path))
      .map((path) => `${page}: ${path}`);
  });
  expect(broken).toEqual([]);
});
