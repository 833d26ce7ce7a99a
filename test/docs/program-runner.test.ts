import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { ProgramRunner } from "./program-runner.ts";

let folder: string;
let count = 0;
const runner = new ProgramRunner();

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "millrace-runner-")));
});
afterAll(() => {
  runner.close();
  rmSync(folder, { recursive: true });
});

function run(text: string, timeoutMs = 10_000) {
  return runner.run({ file: fileOf(text), cwd: folder }, timeoutMs);
}

function fileOf(text: string): string {
  const file = join(folder, `program-${count++}.ts`);
  writeFileSync(file, text);
  return file;
}

test("each program has its own output, folder and code, and ends when nothing keeps it alive", async () => {
  const [first, second, third, fourth] = await Promise.all([
    run('setTimeout(() => console.log("late" as string, process.pid), 50);'),
    run("console.log(process.cwd(), process.pid); console.error(1);"),
    run("console.log(process.pid); process.exitCode = 3;"),
    run('await new Promise(() => {}); console.log("never");'),
  ]);
  const [, pid] = first.stdout.trim().split(" ");
  expect(first).toEqual({ code: 0, stdout: `late ${pid}\n`, stderr: "" });
  expect(second).toEqual({ code: 0, stdout: `${folder} ${pid}\n`, stderr: "1\n" });
  expect(third).toEqual({ code: 3, stdout: `${pid}\n`, stderr: "" });
  expect(fourth).toMatchObject({ code: 13, stdout: "" });
});

test("one that fails, ends the process or does not end is told, and the next one runs", async () => {
  const outcomes = await Promise.all([
    run('throw new RangeError("thrown");'),
    run('setTimeout(() => { throw new RangeError("later"); }, 5);'),
    run('void Promise.reject(new RangeError("rejected"));'),
    run("process.exit(0);"),
    run("setInterval(() => {}, 1000);", 500),
    run('console.log("fine");'),
  ]);
  expect(outcomes.map(({ code }) => code)).toEqual([1, 1, 1, 1, 1, 0]);
  const told = [
    /RangeError: thrown/,
    /later/,
    /rejected/,
    /ended with 0/,
    /not end in 500 ms/,
    /^$/,
  ];
  for (const [index, { stderr }] of outcomes.entries()) expect(stderr).toMatch(told[index]);
  expect(outcomes.at(-1)?.stdout).toBe("fine\n");
});

test("a command runs again and again, each time with its own parameters and input", async () => {
  const file = fileOf(`import { text } from "node:stream/consumers";
process.on("SIGINT", () => {});
process.stdout.on("error", () => {});
console.log(process.argv[2], await text(process.stdin), process.listenerCount("SIGINT"));
process.exitCode = Number(process.argv[3]);
`);
  const asks = [
    ["one", "0"],
    ["two words", "1"],
    ["three", "0"],
  ];
  const ended = await Promise.all(
    asks.map((parameters, index) =>
      runner.run({ file, cwd: folder, parameters, input: "in".repeat(index) }, 10_000),
    ),
  );
  expect(ended).toEqual([
    { code: 0, stdout: "one  1\n", stderr: "" },
    { code: 1, stdout: "two words in 1\n", stderr: "" },
    { code: 0, stdout: "three inin 1\n", stderr: "" },
  ]);
});
