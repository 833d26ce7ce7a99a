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
