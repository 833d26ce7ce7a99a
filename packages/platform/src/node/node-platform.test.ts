import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import type { FileHandle } from "../file-system.ts";
import { fileSystemConformance, networkConformance } from "../conformance/index.ts";
import { nodePlatform } from "./node-platform.ts";
import { startWorkerThread } from "./start-worker-thread.ts";
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
    const lock = await platform.fileSystem.lock(path, "here");
    const [name] = platform.fileSystem.list(directory);
    const file = join(directory, name);
    writeFileSync(file, damage(readFileSync(file, "utf8")));
    await expect(platform.fileSystem.lock(path)).rejects.toMatchObject({
      code: "LOCKED",
      message: expect.stringContaining(`process ${process.pid}`),
    });
    lock.release();
    expect(platform.fileSystem.list(directory)).toEqual([]);
  });

  test("a lock of a process of which nobody tells since when it runs says which file to remove", async () => {
    const path = join(freshDirectory(), "lock");
    const claim = `${path}.${process.ppid}-a1.claim`;
    writeFileSync(claim, JSON.stringify({ processId: process.ppid, startedAt: "", note: "" }));
    await expect(platform.fileSystem.lock(path)).rejects.toMatchObject({
      code: "LOCKED",
      message: expect.stringContaining(`has nothing to do with it, remove ${claim}`),
    });
    rmSync(claim);
    (await platform.fileSystem.lock(path)).release();
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
    await expect(platform.fileSystem.lock(path)).rejects.toMatchObject({ code: "LOCKED" });
    expect(platform.fileSystem.readLockNote(path)).toBe("second");
    thread.postMessage("exit");
    await once(thread, "exit");
    expect(platform.fileSystem.readLockNote(path)).toBeUndefined();
    const lock = await platform.fileSystem.lock(path);
    await expect(platform.fileSystem.lock(path)).rejects.toMatchObject({ code: "LOCKED" });
    lock.release();
    expect(platform.fileSystem.list(dirname(path))).toEqual([]);
  });

  test("a damaged claim of a process that is gone is removed", async () => {
    const directory = freshDirectory();
    const path = join(directory, "lock");
    writeFileSync(join(directory, `lock.${2 ** 30}-0123456789ab.claim`), "{");
    const lock = await platform.fileSystem.lock(path);
    expect(platform.fileSystem.list(directory)).toHaveLength(1);
    lock.release();
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

describe("PLATFORM-7: more files than descriptors", () => {
  const few = nodePlatform({ openFilesMax: 4 }).fileSystem;
  const bytes = (text: string) => [new TextEncoder().encode(text)];
  const text = (file: FileHandle) => {
    const target = new Uint8Array(file.sizeBytes());
    file.read(target, 0);
    return new TextDecoder().decode(target);
  };

  for (const law of fileSystemConformance)
    test(law.name, () => law.run({ fileSystem: few, directory: freshDirectory() }));

  test("are all read and written, each as if it were open alone", async () => {
    const directory = freshDirectory();
    const files = [];
    for (let index = 0; index < 20; index++) {
      const file = few.open(`${directory}/${index}`, "create");
      file.write(bytes(`first ${index}`), 0);
      await file.datasync();
      files.push(file);
    }
    for (const [index, file] of files.entries()) {
      file.write(bytes(`again ${index}`), 0);
      await file.datasync();
    }
    for (const [index, file] of files.entries()) expect(text(file)).toBe(`again ${index}`);
    for (const file of files) file.close();
  });

  test("wait for each other where many are synced at once: none is refused", async () => {
    const directory = freshDirectory();
    const own = nodePlatform({ openFilesMax: 100 }).fileSystem;
    const files = [];
    for (let index = 0; index < 1000; index++) {
      const file = own.open(`${directory}/${index}`, "create");
      file.trustPageCache();
      file.write(bytes("synced"), 0);
      files.push(file);
    }
    const results = await Promise.allSettled(files.map((file) => file.datasync()));
    expect(results.filter(({ status }) => status === "rejected")).toEqual([]);
    for (const file of files) file.close();
  });

  test("wait no longer where another one cannot use the room that it waited for", async () => {
    const directory = freshDirectory();
    const own = nodePlatform({ openFilesMax: 1 }).fileSystem;
    const [gone, waiting, last] = ["gone", "waiting", "last"].map((name) => {
      const file = own.open(`${directory}/${name}`, "create");
      if (name !== "last") file.trustPageCache();
      file.write(bytes(name), 0);
      return file;
    });
    rmSync(`${directory}/gone`);
    const syncs = [gone.datasync(), waiting.datasync()];
    last.close();
    await expect(syncs[0]).rejects.toMatchObject({ code: "NOT_FOUND" });
    await syncs[1];
    for (const file of [gone, waiting]) file.close();
  });

  test("go on with their file after it was removed or renamed, with its folder too", async () => {
    const directory = freshDirectory();
    few.makeDirectory(`${directory}/folder`);
    const names = ["removed", "renamed", "replaced", "folder/inside"];
    const files = [];
    for (const name of names) {
      const file = few.open(`${directory}/${name}`, "create");
      file.write(bytes(name), 0);
      await file.datasync();
      file.close();
      files.push(few.open(`${directory}/${name}`, "read"));
    }
    few.remove(`${directory}/removed`);
    few.rename(`${directory}/renamed`, `${directory}/replaced`);
    few.rename(`${directory}/folder`, `${directory}/elsewhere`);
    files.splice(0, 1).forEach((file) => expect(text(file)).toBe("removed"));
    expect(files.map(text)).toEqual(names.slice(1));
    for (const file of files) file.close();
  });

  test("are read, written and synced beyond where their owner trusts the page cache", async () => {
    const directory = freshDirectory();
    const files = [];
    for (let index = 0; index < 20; index++) {
      const file = few.open(`${directory}/${index}`, "create");
      file.trustPageCache();
      file.write(bytes(`unsynced ${index}`), 0);
      files.push(file);
    }
    for (const [index, file] of files.entries()) expect(text(file)).toBe(`unsynced ${index}`);
    await Promise.all(files.map((file) => file.datasync()));
    for (const file of files) file.close();
  });

  test.runIf(process.platform !== "win32")(
    "and than the process may have: syncs wait until others give some free",
    async () => {
      const directory = freshDirectory();
      const source = new URL("node-platform.ts", import.meta.url).href;
      const program = `
        import { closeSync, openSync } from "node:fs";
        import { nodePlatform } from ${JSON.stringify(source)};
        const { fileSystem } = nodePlatform({ openFilesMax: 2 });
        const files = ["a", "b", "c"].map((name) => {
          const file = fileSystem.open(${JSON.stringify(directory)} + "/" + name, "create");
          file.trustPageCache();
          file.write([Uint8Array.of(1)], 0);
          return file;
        });
        files[1].close();
        const others = [];
        try {
          for (;;) others.push(openSync("/dev/null"));
        } catch {}
        setTimeout(() => others.splice(0, 8).forEach(closeSync), 100);
        const syncs = [files[0].datasync(), fileSystem.syncDirectory(${JSON.stringify(directory)})];
        await Promise.all(syncs);
        process.stdout.write("synced");`;
      const file = join(directory, "main.mjs");
      writeFileSync(file, program);
      const child = spawn("bash", ["-c", `ulimit -n 64 && exec "${process.execPath}" "${file}"`]);
      let told = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk: Buffer) => (told += chunk.toString()));
      await new Promise((resolve) => child.once("close", resolve));
      expect(told).toBe("synced");
    },
  );

  test("are refused by name where all have bytes that are not synced, and there is room soon after", async () => {
    const directory = freshDirectory();
    const own = nodePlatform({ openFilesMax: 2 }).fileSystem;
    const files = ["a", "b"].map((name) => own.open(`${directory}/${name}`, "create"));
    for (const file of files) file.write(bytes("unsynced"), 0);
    expect(() => own.open(`${directory}/c`, "create")).toThrow(
      expect.objectContaining({ code: "TOO_MANY_OPEN_FILES", retriable: true }),
    );
    await expect
      .poll(() => {
        own.open(`${directory}/c`, "openOrCreate").close();
        return true;
      })
      .toBe(true);
    for (const file of files) {
      expect(text(file)).toBe("unsynced");
      file.close();
    }
  });
});

describe("the node network keeps the cases of all (PLATFORM-1)", () => {
  const { network, timers } = platform;
  for (const law of networkConformance) test(law.name, () => law.run({ network, timers }));

  test("PLATFORM-8: many connections at once, each gets its own bytes, the first ones too", async () => {
    const lengths = Array.from({ length: 20 }, (_, index) => 400_000 + index);
    const received = new Map<number, { count: number; isOwn: boolean }>();
    const listener = await network.listen({ host: "127.0.0.1", port: 0 }, (connection) => {
      let first: number | undefined;
      connection.handler = {
        data(chunk) {
          first ??= chunk[0];
          const own = received.get(first) ?? { count: 0, isOwn: true };
          own.count += chunk.length;
          own.isOwn &&= chunk.every((byte) => byte === first);
          received.set(first, own);
        },
        drained() {},
        closed() {},
      };
    });
    const connections = await Promise.all(lengths.map(() => network.connect(listener.address)));
    for (const [index, connection] of connections.entries()) {
      connection.handler = { data() {}, drained() {}, closed() {} };
      connection.write([new Uint8Array(lengths[index]).fill(index)]);
    }
    const expected = lengths.map((count, index) => [index, { count, isOwn: true }]);
    await vi.waitFor(
      () => expect([...received].toSorted(([left], [right]) => left - right)).toEqual(expected),
      { timeout: 15_000 },
    );
    for (const connection of connections) connection.destroy();
    await listener.close();
  });

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
