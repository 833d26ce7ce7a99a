import { encodeUtf8 } from "@millrace/model";
import { MemoryFileSystem } from "@millrace/platform/memory";
import { fileEngineProvider } from "@millrace/state";
import { describe, expect, test } from "vitest";

import type { TestWorld } from "./world/test-world.ts";
import { wordCount, wordTopics } from "./world/word-count.ts";
import { worldOfEachTest } from "./world/world-of-each-test.ts";

let world: TestWorld;
worldOfEachTest((own) => (world = own), wordTopics);

describe("options and folders", () => {
  test("a wrong name of an option is told, with the nearest one", async () => {
    const options = { commitIntervall: 5, stateDirectory: "/s" };
    await expect(world.app(wordCount(), options as never)).rejects.toMatchObject({
      code: "UNKNOWN_OPTION",
      message: expect.stringContaining('"commitIntervall"'),
    });
    expect(world.shared.fileSystem.stat("/s")).toBeUndefined();
  });

  test("a state directory of a newer version is refused and left as it is", async () => {
    const { fileSystem } = world.shared;
    const text = '{"processId":"00010203-0405-4607-8809-0a0b0c0d0e0f","version":99}';
    fileSystem.makeDirectory("/s/app");
    const file = fileSystem.open("/s/app/kafka-streams-process-metadata", "create");
    file.write([encodeUtf8(text)], 0);
    await expect(world.app(wordCount(), { stateDirectory: "/s" })).rejects.toMatchObject({
      code: "STATE_FORMAT_TOO_NEW",
    });
    expect(file.sizeBytes()).toBe(text.length);
    file.close();
  });

  test("stores of a newer version are refused, left as they are, and given free again", async () => {
    const engines = fileEngineProvider(world.shared);
    const formatVersion = Uint8Array.of(0, 0, 1);
    for (const task of ["1_0", "1_1", "1_2", "1_3"]) {
      const engine = await engines.open(`/s/app/${task}`);
      engine.write([{ key: formatVersion, value: Uint8Array.of(0, 99) }]);
      await engine.close();
    }
    await expect(world.app(wordCount(), { stateDirectory: "/s" })).rejects.toMatchObject({
      code: "STORE_FORMAT_TOO_NEW",
    });
    const engine = await engines.open("/s/app/1_0");
    expect(engine.get(formatVersion)).toEqual(Uint8Array.of(0, 99));
    await engine.close();
  });

  test("a state directory that another process uses is refused", async () => {
    const app = await world.app(wordCount(), { stateDirectory: "/s" });
    await expect(world.app(wordCount(), { stateDirectory: "/s" })).rejects.toMatchObject({
      code: "STATE_DIRECTORY_IN_USE",
    });
    expect(app.state).toBe("running");
  });

  test("a state directory that cannot be made is refused", async () => {
    const { fileSystem } = world.shared;
    expect(fileSystem).toBeInstanceOf(MemoryFileSystem);
    fileSystem.open("/file", "create").close();
    await expect(world.app(wordCount(), { stateDirectory: "/file" })).rejects.toMatchObject({
      code: "STATE_DIRECTORY_UNUSABLE",
      message: expect.stringMatching(/^the state directory cannot be used: \/file[^:]*: [^:]*$/),
    });
  });
});
