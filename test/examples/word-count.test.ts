import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

import { repository } from "../tidy/source-files.ts";

const program = join(repository, "examples/word-count/src/main.ts");
const folder = mkdtempSync(join(tmpdir(), "millrace-word-count-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a wrong flag is told in a line, with those that there are", () => {
  const { status, stderr } = spawnSync(process.execPath, [program, "--untildone"]);
  expect(status).toBe(2);
  expect(String(stderr)).toContain("--untildone");
  expect(String(stderr)).toContain("--until-done");
  expect(String(stderr)).not.toMatch(/^ +at /m);
});

test("a folder without text is told at once", () => {
  const words = [program, "--text", join(folder, "nowhere"), "--until-done"];
  const { status, stderr } = spawnSync(process.execPath, words, { timeout: 10_000 });
  expect(status).toBe(2);
  expect(String(stderr)).toMatch(/^--text .*nowhere: .*\n$/);
});

test("help tells the flags", () => {
  const { status, stdout } = spawnSync(process.execPath, [program, "--help"]);
  expect(status).toBe(0);
  expect(String(stdout)).toContain("--until-done");
});

test("a second one beside it says that the folder is in use, and ends", async () => {
  mkdirSync(join(folder, "text"));
  writeFileSync(join(folder, "text/text.md"), "to be or not to be\n");
  const words = [program, "--data", join(folder, "data"), "--text", join(folder, "text")];
  const first = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => first.once("close", resolve));
  try {
    await new Promise((resolve) => first.stdout.once("data", resolve)); // it counts
    const { status, stderr } = spawnSync(process.execPath, words, { timeout: 30_000 });
    expect(status).toBe(1);
    expect(String(stderr)).toContain("in use");
    expect(String(stderr)).toContain("--data");
    expect(String(stderr)).not.toMatch(/^ +at /m);
  } finally {
    first.kill("SIGTERM");
    await ended;
  }
}, 60_000);

test("a folder that has counted another text is refused, and one that has more lines behind those goes on", () => {
  const text = join(folder, "changing");
  mkdirSync(text);
  const run = (content: string) => {
    writeFileSync(join(text, "text.md"), content);
    const where = ["--data", join(folder, "changed"), "--text", text];
    const words = [program, ...where, "--until-done"];
    return spawnSync(process.execPath, words, { timeout: 20_000, encoding: "utf8" });
  };
  expect(run("to be\nor not\nto be\n").status).toBe(0);
  const more = run("to be\nor not\nto be\nthat is\n");
  expect(more.status).toBe(0);
  expect(more.stdout).toContain("\n\nbe 2\nis 1\nnot 1\n");
  const { status, stderr } = run("to be\nor no\nto be\nthat is\n");
  expect(status).toBe(1);
  expect(stderr).toContain("line 2 ");
  expect(stderr).toContain("--data");
  expect(stderr).not.toMatch(/^ +at /m);
}, 90_000);
