import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { fileSystemConformance, networkConformance } from "../conformance/index.ts";
import { JsonLineLogger } from "./json-line-logger.ts";
import { nodePlatform } from "./node-platform.ts";
import { withoutFirst } from "./without-first.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-platform-"));
let directoryCount = 0;
const platform = nodePlatform();

function freshDirectory(): string {
  const directory = join(root, String(directoryCount++));
  platform.fileSystem.makeDirectory(directory);
  return directory;
}

afterAll(() => rmSync(root, { recursive: true }));

describe("the node file system keeps the cases of all (PLATFORM-1)", () => {
  for (const law of fileSystemConformance)
    test(law.name, () => law.run({ fileSystem: platform.fileSystem, directory: freshDirectory() }));

  test.runIf(process.platform === "linux")(
    "a folder in /proc is refused: Node's own way of making parents never comes back there",
    () => {
      const { fileSystem } = platform;
      expect(() => fileSystem.makeDirectory("/proc/nobody/here")).toThrow(
        expect.objectContaining({ code: "NOT_FOUND" }),
      );
    },
  );

  test("after a short write the rest of the parts is what is left to write", () => {
    const parts = [Uint8Array.of(1, 2), Uint8Array.of(3), Uint8Array.of(4, 5, 6)];
    for (let written = 0; written <= 6; written++) {
      const rest = withoutFirst(parts, written).flatMap((part) => [...part]);
      expect(rest).toEqual([1, 2, 3, 4, 5, 6].slice(written));
    }
  });

  test("a lock in a folder that is named relative to the working directory is taken too", async () => {
    const directory = freshDirectory();
    const lock = await platform.fileSystem.lock(`./${relative(process.cwd(), directory)}/lock`);
    await expect(platform.fileSystem.lock(join(directory, "lock"))).rejects.toMatchObject({
      code: "LOCKED",
    });
    lock.release();
  });

  test("PLATFORM-5: a lock dies with its process, and is held while that lives", async () => {
    const directory = freshDirectory();
    const path = join(directory, "lock");
    const source = new URL("node-platform.ts", import.meta.url).href;
    const program = `
      import { nodePlatform } from ${JSON.stringify(source)};
      await nodePlatform().fileSystem.lock(${JSON.stringify(path)}, "child");
      process.stdout.write("held");
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program]);
    await new Promise((resolve) => child.stdout.once("data", resolve));
    expect(platform.fileSystem.readLockNote(path)).toBe("child");
    await expect(platform.fileSystem.lock(path)).rejects.toMatchObject({ code: "LOCKED" });
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
    expect(platform.fileSystem.readLockNote(path)).toBeUndefined();
    const lock = await platform.fileSystem.lock(path);
    expect(platform.fileSystem.list(directory)).toHaveLength(1);
    lock.release();
    expect(platform.fileSystem.list(directory)).toEqual([]);
  });

  test("a claim of an earlier process with the same number does not count", async () => {
    const directory = freshDirectory();
    const claim = { processId: process.pid, startedAt: "1@elsewhere", note: "old" };
    writeFileSync(join(directory, "lock.old.claim"), JSON.stringify(claim));
    expect(platform.fileSystem.readLockNote(join(directory, "lock"))).toBeUndefined();
    const lock = await platform.fileSystem.lock(join(directory, "lock"));
    lock.release();
    expect(platform.fileSystem.list(directory)).toEqual([]);
  });
});

describe("the node network keeps the cases of all (PLATFORM-1)", () => {
  const { network, timers } = platform;
  for (const law of networkConformance) test(law.name, () => law.run({ network, timers }));

  test("a host name that does not exist is UNKNOWN_HOST", async () => {
    await expect(network.connect({ host: "no-such-host.invalid", port: 1 })).rejects.toMatchObject({
      code: "UNKNOWN_HOST",
      retriable: true,
    });
  });
});

describe("node timers", () => {
  test("PLATFORM-6: never fire early, even when far beyond what setTimeout takes", async () => {
    const { clock, timers } = platform;
    const start = clock.monotonicMs();
    let hasFired = false;
    const far = timers.after(2 ** 40, () => {
      hasFired = true;
    });
    await timers.sleep(3.5);
    expect(clock.monotonicMs() - start).toBeGreaterThanOrEqual(3.5);
    expect(hasFired).toBe(false);
    far.cancel();
    far.cancel();
  });

  test("sleep ends with the signal's reason", async () => {
    const controller = new AbortController();
    const slept = platform.timers.sleep(60_000, controller.signal);
    controller.abort(new Error("enough"));
    await expect(slept).rejects.toThrow("enough");
    await expect(platform.timers.sleep(1, controller.signal)).rejects.toThrow("enough");
  });
});

test("PLATFORM-3: node random is within bounds, which are whole numbers from 1 to 2^32", () => {
  const { random } = platform;
  for (const bound of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN]) {
    expect(() => random.below(bound)).toThrow("PLATFORM-3");
  }
  for (let count = 0; count < 3000; count++) expect(random.below(3)).toBeLessThan(3);
  expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
});

test("the logger writes one JSON line per event of its level, with errors and bytes told", () => {
  const lines: string[] = [];
  const logger = new JsonLineLogger("warn", (line) => lines.push(line));
  logger.log("info", "ignored");
  const error = Object.assign(new Error("broken"), { code: "BROKEN" });
  logger.log("error", "disk.failed", { error, offset: 5n, bytes: new Uint8Array(3) });
  expect(logger.isEnabled("info")).toBe(false);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0])).toMatchObject({
    level: "error",
    event: "disk.failed",
    error: { message: "broken", code: "BROKEN" },
    offset: "5",
    bytes: "3 bytes",
  });
});
