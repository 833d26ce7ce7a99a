import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { freshDirectories } from "../../test-support/fresh-directories.ts";
import { fileSystemConformance } from "../conformance/index.ts";
import type { FileHandle } from "../file-system.ts";
import { nodePlatform } from "./node-platform.ts";

const freshDirectory = freshDirectories("descriptors");

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
