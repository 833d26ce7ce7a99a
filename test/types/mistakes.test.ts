import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const file = fileURLToPath(new URL("mistakes.ts", import.meta.url));

/** What the compiler says of the file, by line. */
function compilerOutput(): Promise<string> {
  return new Promise((resolve) => {
    execFile("tsc", ["-p", "."], { cwd: dirname(file) }, (_, stdout) => resolve(stdout));
  });
}

test("the compiler says of each mistake what to do", async () => {
  const lines = readFileSync(file, "utf8").split("\n");
  const expected = lines.flatMap((line, index) =>
    line.startsWith("//! ") ? [{ line: index + 1, message: line.slice(4) }] : [],
  );
  const found = [...(await compilerOutput()).matchAll(/^.*?\((\d+),\d+\): error TS\d+: (.*)$/gm)];
  const said = found.map(([, line, message]) => {
    const mark = expected.findLast((mistake) => mistake.line < Number(line));
    return { line: mark?.line ?? 0, message };
  });
  expect(said).toEqual(expected);
});
