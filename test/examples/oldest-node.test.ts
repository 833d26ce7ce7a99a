import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, test } from "vitest";

import { repository } from "../tidy/source-files.ts";

/** Prints the files that this Node cannot parse, with the reason. */
const parse = `
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { SourceTextModule } from "node:vm";
for (const file of process.argv.slice(1)) {
  try {
    new SourceTextModule(stripTypeScriptTypes(readFileSync(file, "utf8")), { identifier: file });
  } catch (error) {
    console.log(file + ": " + error.message);
  }
}
`;

// That they run there, too, is shown by test/packages, where the packages are installed.
test("the examples are written in what the oldest Node knows", async () => {
  const node22 = join(repository, "test/node_modules/node22/bin/node");
  const files = globSync("examples/**/*.{ts,mjs}", { cwd: repository }).filter(
    (file) => !file.includes("node_modules"),
  );
  expect(files.length).toBeGreaterThan(50);
  const flags = ["--experimental-vm-modules", "--no-warnings", "--input-type=module"];
  const { stdout } = await promisify(execFile)(node22, [...flags, "--eval", parse, ...files], {
    cwd: repository,
  });
  expect(stdout).toBe("");
});
