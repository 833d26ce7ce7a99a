import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import { SeededRandom, type FileHandle, type FileSystem } from "@millrace/platform";
import { drainTurn } from "@millrace/platform/node";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Simulator } from "../simulator.ts";
import { SimulatedFile } from "./simulated-file.ts";

function open(fileSystem: FileSystem, path: string, text: string): FileHandle {
  const file = fileSystem.open(path, "openOrCreate");
  file.write([encodeUtf8(text)], 0);
  return file;
}

function textOf(fileSystem: FileSystem, path: string): string | undefined {
  if (fileSystem.stat(path) === undefined) return undefined;
  const file = fileSystem.open(path, "read");
  const bytes = new Uint8Array(file.sizeBytes());
  file.read(bytes, 0);
  return decodeUtf8(bytes);
}

function contentOf(file: SimulatedFile): number[] {
  return [...file.cache.view(0, file.cache.length)];
}

describe("crash rule of a file", () => {
  test("SIMULATOR-3: what was synced survives whatever was written to other sectors since", () => {
    const step = fc.record({
      position: fc.integer({ min: 0, max: 6_000 }),
      length: fc.integer({ min: 1, max: 2_000 }),
      isSynced: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.integer(), (steps, seed) => {
        const file = new SimulatedFile();
        const synced = new Map<number, number>();
        const sectorsSince = new Set<number>();
        steps.forEach(({ position, length, isSynced }, index) => {
          const sizeBefore = file.cache.length;
          file.write(new Uint8Array(length).fill(index + 1), position);
          const start = Math.min(sizeBefore, position);
          for (let at = start; at < position + length; at++) sectorsSince.add(at >> 9);
          if (!isSynced) return;
          file.completeSync(file.beginSync());
          contentOf(file).forEach((value, at) => synced.set(at, value));
          sectorsSince.clear();
        });
        const before = contentOf(file);
        file.crash(new SeededRandom(seed));
        const after = contentOf(file);
        const lost = [...synced].filter(
          ([at, value]) => !sectorsSince.has(at >> 9) && after[at] !== value,
        );
        expect(lost).toEqual([]);
        // Every byte is what was durable, what was last written, or a hole.
        const foreign = after.filter(
          (value, at) => value !== 0 && value !== synced.get(at) && value !== before[at],
        );
        expect(foreign).toEqual([]);
      }),
      { seed: 20_260_101, numRuns: 300 },
    );
  });

  test("unsynced writes survive, vanish and tear, each under some seed", () => {
    const lengths = new Set<number>();
    let holeCount = 0;
    for (let seed = 0; seed < 200; seed++) {
      const file = new SimulatedFile();
      file.write(new Uint8Array(2_000).fill(7), 0);
      file.crash(new SeededRandom(seed));
      lengths.add(file.cache.length);
      if (contentOf(file).includes(0)) holeCount++;
    }
    expect(lengths).toContain(0);
    expect(lengths).toContain(2_000);
    expect([...lengths].some((length) => length % 512 !== 0 && length !== 2_000)).toBe(true);
    expect(holeCount).toBeGreaterThan(10);
  });

  test("a write during a sync is not covered by it", () => {
    let lostCount = 0;
    for (let seed = 0; seed < 50; seed++) {
      const file = new SimulatedFile();
      file.write(Uint8Array.of(1, 1), 0);
      const sync = file.beginSync();
      file.write(Uint8Array.of(2), 1);
      file.completeSync(sync);
      file.crash(new SeededRandom(seed));
      expect(contentOf(file)[0]).toBe(1);
      if (contentOf(file)[1] === 1) lostCount++;
    }
    expect(lostCount).toBeGreaterThan(5);
  });

  test("after a failed sync a second one succeeds and saves nothing", () => {
    const file = new SimulatedFile();
    file.write(Uint8Array.of(1, 2, 3), 0);
    file.failSync(file.beginSync());
    file.completeSync(file.beginSync());
    expect(contentOf(file)).toEqual([1, 2, 3]);
    file.crash(new SeededRandom(1));
    expect(contentOf(file)).toEqual([0, 0, 0]);
  });

  test("a truncation is durable once synced, and may be undone before", () => {
    const sizes = new Set<number>();
    for (let seed = 0; seed < 50; seed++) {
      const file = new SimulatedFile();
      file.write(new Uint8Array(3_000).fill(1), 0);
      file.completeSync(file.beginSync());
      file.truncate(100);
      file.crash(new SeededRandom(seed));
      sizes.add(file.cache.length);
      file.truncate(50);
      file.completeSync(file.beginSync());
      file.crash(new SeededRandom(seed));
      expect(file.cache.length).toBe(50);
    }
    expect(sizes).toEqual(new Set([3_000, 100]));
  });
});

describe("crash rule of a directory", () => {
  async function outcomes(
    act: (fileSystem: FileSystem) => Promise<void>,
  ): Promise<Set<string | undefined>> {
    const seen = new Set<string | undefined>();
    for (let seed = 0; seed < 40; seed++) {
      const simulator = new Simulator({ seed, drain: drainTurn });
      const process = simulator.process("main");
      const { fileSystem } = process.platform;
      fileSystem.makeDirectory("d");
      await simulator.until(fileSystem.syncDirectory("/"));
      await simulator.until(act(fileSystem));
      simulator.powerLoss("main");
      const next = process.restart().fileSystem;
      seen.add(
        next
          .list("d")
          .map((name) => `${name}=${textOf(next, `d/${name}`)}`)
          .join(),
      );
    }
    return seen;
  }

  test("a new file whose directory was not synced may be gone, its synced content never", async () => {
    const seen = await outcomes((fileSystem) => open(fileSystem, "d/a", "kept").datasync());
    expect(seen).toEqual(new Set(["", "a=kept"]));
  });

  test("a synced directory keeps its names", async () => {
    const seen = await outcomes(async (fileSystem) => {
      await open(fileSystem, "d/a", "kept").datasync();
      await fileSystem.syncDirectory("d");
    });
    expect(seen).toEqual(new Set(["a=kept"]));
  });

  test("an unsynced rename has happened or not, and nothing in between", async () => {
    const seen = await outcomes(async (fileSystem) => {
      await open(fileSystem, "d/a", "old").datasync();
      await fileSystem.syncDirectory("d");
      await open(fileSystem, "d/b", "new").datasync();
      fileSystem.rename("d/b", "d/a");
    });
    expect(seen).toEqual(new Set(["a=old", "a=old,b=new", "a=new"]));
  });

  test("a rename between directories never loses the file", async () => {
    const seen = await outcomes(async (fileSystem) => {
      await open(fileSystem, "a", "x").datasync();
      await fileSystem.syncDirectory("/");
      fileSystem.open("d/z", "create");
      fileSystem.rename("a", "d/a");
      await fileSystem.syncDirectory("/");
    });
    expect(seen).toEqual(new Set(["a=x,z="]));
  });

  test("an unsynced removal may come back", async () => {
    const seen = await outcomes(async (fileSystem) => {
      await open(fileSystem, "d/a", "x").datasync();
      await fileSystem.syncDirectory("d");
      fileSystem.remove("d/a");
    });
    expect(seen).toEqual(new Set(["", "a=x"]));
  });
});

describe("a failing disk", () => {
  test("kill keeps the page cache", async () => {
    const simulator = new Simulator({ seed: 1, drain: drainTurn });
    const process = simulator.process("main");
    open(process.platform.fileSystem, "a", "unsynced");
    process.kill();
    expect(textOf(process.restart().fileSystem, "a")).toBe("unsynced");
  });

  test("syncAll makes durable whatever is there", () => {
    for (let seed = 0; seed < 10; seed++) {
      const simulator = new Simulator({ seed, drain: drainTurn });
      const process = simulator.process("main");
      process.platform.fileSystem.makeDirectory("/deep/data");
      open(process.platform.fileSystem, "/deep/data/a", "kept");
      simulator.disk("main").syncAll();
      simulator.powerLoss("main");
      expect(textOf(process.restart().fileSystem, "deep/data/a")).toBe("kept");
    }
  });

  test("a full disk refuses to grow, and takes more once space is free", () => {
    const simulator = new Simulator({ seed: 1, drain: drainTurn, diskCapacityBytes: 1_000 });
    const { fileSystem } = simulator.process("main").platform;
    const file = fileSystem.open("a", "create");
    file.write([new Uint8Array(900)], 0);
    expect(fileSystem.freeBytes("a")).toBe(100);
    expect(() => file.write([new Uint8Array(200)], 900)).toThrow("disk is full");
    file.truncate(500);
    file.write([new Uint8Array(400)], 500);
    fileSystem.remove("a");
    expect(fileSystem.freeBytes("a")).toBe(1_000);
  });

  test("a latent error stays, over a restart too, until its sector is written again", async () => {
    const simulator = new Simulator({ seed: 1, drain: drainTurn, faults: { latentError: 1 } });
    const process = simulator.process("main");
    const file = open(process.platform.fileSystem, "a", "x".repeat(100));
    await simulator.until(file.datasync());
    expect(() => file.read(new Uint8Array(1), 0)).toThrow("cannot read");
    simulator.heal();
    process.kill();
    const again = process.restart().fileSystem.open("a", "readWrite");
    expect(() => again.read(new Uint8Array(1), 5)).toThrow("cannot read");
    again.write([encodeUtf8("y")], 0);
    expect(again.read(new Uint8Array(1), 5)).toBe(1);
  });

  test("fsync fails as often as asked, and each failure is counted", async () => {
    const simulator = new Simulator({ seed: 1, drain: drainTurn, faults: { fsyncError: 0.5 } });
    const { fileSystem } = simulator.process("main").platform;
    const file = open(fileSystem, "a", "x");
    const all = Promise.allSettled(Array.from({ length: 100 }, () => file.datasync()));
    const failed = (await simulator.until(all)).filter(({ status }) => status === "rejected");
    expect(failed.length).toBeGreaterThan(30);
    expect(simulator.faults.get("fsyncError")).toBe(failed.length);
  });
});
