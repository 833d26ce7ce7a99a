import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = dirname(fileURLToPath(import.meta.url));

/** What the compiler says of all files here. It reads the packages' declarations, as users have them, not their sources. */
const compilerOutput: Promise<string> = new Promise((resolve) => {
  const packages = ["../../packages/millrace", "../../packages/testing"];
  execFile("tsc", ["-b", ...packages], { cwd: folder }, () => {
    execFile("tsc", ["-p", "."], { cwd: folder }, (_, stdout) => resolve(stdout));
  });
});

test.each([
  ["of each mistake what to do", "mistakes.ts"],
  ["of each mistake with processors what to do", "processor-mistakes.ts"],
  ["of each mistake with operators that await what to do", "async-mistakes.ts"],
  ["nothing of operators that await where they are right", "async-programs.ts"],
  ["nothing of processors that are right", "processor-programs.ts"],
  ["of each mistake with joins of streams what to do", "stream-join-mistakes.ts"],
  ["nothing of joins of streams that are right", "stream-join-programs.ts"],
  ["of each mistake with global tables what to do", "global-mistakes.ts"],
  ["nothing of global tables that are right", "global-programs.ts"],
  ["of mistakes with serdes and joins what to do", "dsl-mistakes.ts"],
  ["of mistakes with aggregations, windows and processors what to do", "dsl-more-mistakes.ts"],
  ["nothing of streams and tables that are right", "dsl-programs.ts"],
  ["nothing of windows that are right", "dsl-window-programs.ts"],
  ["nothing of operators that are right", "dsl-operator-programs.ts"],
  ["nothing of options that are not given yet", "completions.ts"],
  ["of each mistake with versioned tables what to do", "table-mistakes.ts"],
  ["nothing of versioned tables that are right", "table-programs.ts"],
  ["of each mistake with additions to Kafka Streams what to do", "addition-mistakes.ts"],
  ["nothing of additions to Kafka Streams that are right", "addition-programs.ts"],
  ["of each mistake with handles of topics what to do", "topic-mistakes.ts"],
  ["nothing of handles of topics that are right", "topic-programs.ts"],
])("the compiler says %s", async (_, file) => {
  const lines = readFileSync(join(folder, file), "utf8").split("\n");
  const expected = lines.flatMap((line, index) =>
    line.startsWith("//! ") ? [{ line: index + 1, message: line.slice(4) }] : [],
  );
  const errors = (await compilerOutput).matchAll(/^(\S+?)\((\d+),\d+\): error TS\d+: (.*)$/gm);
  const said = [...errors]
    .filter(([, name]) => name === file)
    // What follows from a callback that is none.
    .filter(([, , , message]) => !/^Parameter '\w+' implicitly has an 'any' type\.$/.test(message))
    .map(([, , line, message]) => {
      const mark = expected.findLast((mistake) => mistake.line < Number(line));
      return { line: mark?.line ?? 0, message };
    });
  expect(said).toEqual(expected);
});
