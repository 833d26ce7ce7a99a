import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { freshDirectories } from "../../test-support/fresh-directories.ts";
import { FileSystemError } from "../file-system-error.ts";
import { nodePlatform } from "./node-platform.ts";
import { startWorkerThread } from "./start-worker-thread.ts";

const freshDirectory = freshDirectories("locks");
const { fileSystem } = nodePlatform();

describe("locks of the node file system", () => {
  test("a lock in a folder that is named relative to the working directory is taken too", async () => {
    const directory = freshDirectory();
    const lock = await fileSystem.lock(`./${relative(process.cwd(), directory)}/lock`);
    await expect(fileSystem.lock(join(directory, "lock"))).rejects.toMatchObject({
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
    expect(fileSystem.readLockNote(path)).toBe("child");
    await expect(fileSystem.lock(path)).rejects.toMatchObject({ code: "LOCKED" });
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
    expect(fileSystem.readLockNote(path)).toBeUndefined();
    const lock = await fileSystem.lock(path);
    expect(fileSystem.list(directory)).toHaveLength(1);
    lock.release();
    expect(fileSystem.list(directory)).toEqual([]);
  });

  test.each([
    ["emptied", () => ""],
    ["cut", (claim: string) => claim.slice(0, 10)],
    ["all zeros", (claim: string) => "\0".repeat(claim.length)],
    [
      "of another process number",
      (claim: string) => claim.replace(/"processId":/, '"processId":9'),
    ],
    [
      "of another time of start",
      (claim: string) => claim.replace(/"startedAt":"/, '"startedAt":"9'),
    ],
  ])("a claim that is %s holds still while its process lives", async (_what, damage) => {
    const directory = freshDirectory();
    const path = join(directory, "lock");
    const lock = await fileSystem.lock(path, "here");
    const [name] = fileSystem.list(directory);
    const file = join(directory, name);
    writeFileSync(file, damage(readFileSync(file, "utf8")));
    await expect(fileSystem.lock(path)).rejects.toMatchObject({
      code: "LOCKED",
      message: expect.stringContaining(`process ${process.pid}`),
    });
    lock.release();
    expect(fileSystem.list(directory)).toEqual([]);
  });

  test("a lock of a process of which nobody tells since when it runs says which file to remove", async () => {
    const path = join(freshDirectory(), "lock");
    const claim = `${path}.${process.ppid}-a1.claim`;
    writeFileSync(claim, JSON.stringify({ processId: process.ppid, startedAt: "", note: "" }));
    await expect(fileSystem.lock(path)).rejects.toMatchObject({
      code: "LOCKED",
      message: expect.stringContaining(`has nothing to do with it, remove ${claim}`),
    });
    rmSync(claim);
    (await fileSystem.lock(path)).release();
  });

  test("PLATFORM-5: a lock of another thread holds while that lives, whatever its note, and no longer", async () => {
    const path = join(freshDirectory(), "lock");
    const source = new URL("node-platform.ts", import.meta.url).href;
    const program = `
      import { parentPort, workerData } from "node:worker_threads";
      import { nodePlatform } from ${JSON.stringify(source)};
      const lock = await nodePlatform().fileSystem.lock(workerData, "first");
      lock.setNote("second");
      parentPort.on("message", () => process.exit(3)).postMessage("held");`;
    const entry = new URL(`data:text/javascript,${encodeURIComponent(program)}`);
    const thread = startWorkerThread(entry, path);
    await once(thread, "message");
    await expect(fileSystem.lock(path)).rejects.toMatchObject({ code: "LOCKED" });
    expect(fileSystem.readLockNote(path)).toBe("second");
    thread.postMessage("exit");
    await once(thread, "exit");
    expect(fileSystem.readLockNote(path)).toBeUndefined();
    const lock = await fileSystem.lock(path);
    await expect(fileSystem.lock(path)).rejects.toMatchObject({ code: "LOCKED" });
    lock.release();
    expect(fileSystem.list(dirname(path))).toEqual([]);
  });

  test("a claim that cannot be written leaves nothing behind", async () => {
    const directory = freshDirectory();
    const lock = await fileSystem.lock(join(directory, "lock"));
    const [claim] = fileSystem.list(directory);
    rmSync(join(directory, claim));
    mkdirSync(join(directory, claim)); // nothing can be renamed to it
    expect(() => lock.setNote("a note")).toThrow(FileSystemError);
    expect(fileSystem.list(directory)).toEqual([claim]);
    rmdirSync(join(directory, claim));
    lock.release();
  });

  test("a damaged claim of a process that is gone is removed", async () => {
    const directory = freshDirectory();
    const path = join(directory, "lock");
    writeFileSync(join(directory, `lock.${2 ** 30}-0123456789ab.claim`), "{");
    const lock = await fileSystem.lock(path);
    expect(fileSystem.list(directory)).toHaveLength(1);
    lock.release();
  });

  test("a claim of an earlier process with the same number does not count", async () => {
    const directory = freshDirectory();
    const claim = { processId: process.pid, startedAt: "1@elsewhere", note: "old" };
    writeFileSync(join(directory, "lock.old.claim"), JSON.stringify(claim));
    expect(fileSystem.readLockNote(join(directory, "lock"))).toBeUndefined();
    const lock = await fileSystem.lock(join(directory, "lock"));
    lock.release();
    expect(fileSystem.list(directory)).toEqual([]);
  });
});
