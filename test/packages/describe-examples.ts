import { cpSync, globSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, describe, expect, test } from "vitest";

import { isVerify } from "../interop/apache-kafka.ts";
import { repository } from "../tidy/source-files.ts";
import { run } from "./run.ts";

/** A project of a user's, which has all packages. */
export interface ExamplesProject {
  readonly folder: string;
  readonly node22: string;
  /** Gives what a program prints. */
  readonly runProgram: (file: string, ...parameters: readonly string[]) => Promise<string>;
}

/** Vitest runs the tests of `tested`, and containers are what `secure` is about: others show these. */
const elsewhere = ["tested", "secure"];
/** What `npm test` runs of them: they take a process each. */
const sample = ["http-enrichment"];

const timeoutMs = 300_000;

/** The examples, copied into a project of the oldest Node, where the packages are installed. */
export function describeExamples(project: () => ExamplesProject): void {
  const names = globSync("examples/*/src/main.ts", { cwd: repository }).map(
    (path) => path.split("/")[1],
  );
  const runnable = names.filter((name) => !elsewhere.includes(name));

  describe("the examples, on Node 22.18", () => {
    beforeAll(async () => {
      const { folder, node22 } = project();
      mkdirSync(join(folder, "examples"));
      for (const name of runnable)
        cpSync(join(repository, "examples", name), join(folder, "examples", name), {
          recursive: true,
          filter: (path) => !path.endsWith("node_modules"),
        });
      if (!isVerify) return;
      const wanted = runnable.flatMap(othersOf);
      const flags = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
      await run("npm", ["install", ...flags, ...new Set(wanted)], { cwd: folder, path: [node22] });
    }, timeoutMs);

    test.each(isVerify ? runnable : sample)(
      "%s runs",
      async (name) => {
        const { folder, runProgram } = project();
        const program = join(folder, "examples", name, "src/main.ts");
        const flags = name === "word-count" ? wordsOf(folder) : [];
        expect(await runProgram(program, ...flags)).not.toBe("");
      },
      timeoutMs,
    );
  });
}

/** What an example needs beside the packages, such as `hono@4.13.19`. */
function othersOf(name: string): readonly string[] {
  const manifest = readFileSync(join(repository, "examples", name, "package.json"), "utf8");
  const { dependencies = {} } = JSON.parse(manifest) as { dependencies?: Record<string, string> };
  return Object.entries(dependencies)
    .filter(([, version]) => !version.startsWith("workspace:"))
    .map(([dependency, version]) => `${dependency}@${version}`);
}

function wordsOf(folder: string): readonly string[] {
  const text = join(folder, "examples");
  return ["--data", join(folder, "words"), "--text", text, "--until-done"];
}
