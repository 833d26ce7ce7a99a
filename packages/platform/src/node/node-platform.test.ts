import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { fileSystemConformance } from "../conformance/index.ts";
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
