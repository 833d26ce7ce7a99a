import {
  FileSystemError,
  silentLogger,
  type FileHandle,
  type FileOpenMode,
} from "@millrace/platform";
import { MemoryFileSystem } from "@millrace/platform/memory";
import { describe, expect, it } from "vitest";
import { boundedStoresConformance } from "../conformance/bounded-stores-conformance.ts";
import { expiringStoresConformance } from "../conformance/expiring-stores-conformance.ts";
import { queryViewsConformance } from "../conformance/query-views-conformance.ts";
import { storeEngineConformance } from "../conformance/store-engine-conformance.ts";
import { taskStoresConformance } from "../conformance/task-stores-conformance.ts";
import { versionedStoresConformance } from "../conformance/versioned-stores-conformance.ts";
import type { StoreEngine } from "../contract/store-engine.ts";
import { StateError } from "../contract/state-error.ts";
import { fileEngineProvider } from "./file-engine-provider.ts";

const directories = new Map<StoreEngine, string>();
const fileSystem = new MemoryFileSystem();
const provider = fileEngineProvider({ fileSystem, logger: silentLogger });
let count = 0;

async function openAt(directory: string): Promise<StoreEngine> {
  const engine = await provider.open(directory);
  directories.set(engine, directory);
  return engine;
}

const fixture = {
  openEmpty: () => openAt(`/state/${++count}`),
  reopen: async (engine: StoreEngine) => {
    await engine.close();
    return openAt(directories.get(engine) ?? "");
  },
  seeds: process.env["MILLRACE_VERIFY"] === "1" ? 20 : 3,
};

describe("STATE-1: the file engine is a store engine", () => {
  for (const { name, run } of storeEngineConformance(fixture)) it(name, run);
});

describe("STATE-2: stores on the file engine", () => {
  for (const { name, run } of taskStoresConformance(fixture)) it(name, run);
});

describe("STATE-12: stores whose rows expire, on the file engine", () => {
  for (const { name, run } of expiringStoresConformance(fixture)) it(name, run);
});

describe("STATE-17: queries beside a task, on the file engine", () => {
  for (const { name, run } of queryViewsConformance(fixture)) it(name, run);
});

describe("STATE-13: versioned stores on the file engine", () => {
  for (const { name, run } of versionedStoresConformance(fixture)) it(name, run);
});

describe("STATE-14: LRU stores and stores of lists on the file engine", () => {
  for (const { name, run } of boundedStoresConformance(fixture)) it(name, run);
});

describe("STATE-4: a file cut anywhere holds a prefix of the batches", () => {
  it("for every length of the file", async () => {
    const engine = await openAt("/cut");
    for (let batch = 1; batch <= 4; batch++)
      engine.write(
        [1, 2, 3].map((key) => ({ key: Uint8Array.of(key), value: Uint8Array.of(batch) })),
      );
    await engine.close();
    const whole = readWhole("/cut/store.log");
    const seen = new Set<number>();
    for (let length = whole.length; length >= 0; length--) {
      writeWhole("/cut/store.log", whole.subarray(0, length));
      const cut = await openAt("/cut");
      const values = [1, 2, 3].map((key) => cut.get(Uint8Array.of(key))?.[0] ?? 0);
      expect(new Set(values).size).toBe(1);
      seen.add(values[0]);
      cut.write([{ key: Uint8Array.of(9), value: Uint8Array.of(9) }]);
      const again = await fixture.reopen(cut);
      expect(again.get(Uint8Array.of(9))).toEqual(Uint8Array.of(9));
      expect(again.get(Uint8Array.of(1))?.[0] ?? 0).toBe(values[0]);
      await again.close();
    }
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4]);
  });
  it("a flipped bit ends what is read", async () => {
    const engine = await openAt("/flip");
    engine.write([{ key: Uint8Array.of(1), value: Uint8Array.of(1) }]);
    engine.write([{ key: Uint8Array.of(1), value: Uint8Array.of(2) }]);
    await engine.close();
    const whole = readWhole("/flip/store.log");
    whole[whole.length - 1] ^= 1;
    writeWhole("/flip/store.log", whole);
    const again = await openAt("/flip");
    expect(again.get(Uint8Array.of(1))).toEqual(Uint8Array.of(1));
    await again.close();
  });
});

it("STATE-4: what followed a damaged batch never comes back", async () => {
  const engine = await openAt("/resurrect");
  const writeBatch = (target: StoreEngine, key: number, value: number): void =>
    target.write([{ key: Uint8Array.of(key), value: Uint8Array.of(value) }]);
  for (const batch of [1, 2, 3]) writeBatch(engine, batch, batch);
  await engine.close();
  const whole = readWhole("/resurrect/store.log");
  whole[8 + 2 * ((whole.length - 8) / 3) - 1] ^= 1;
  writeWhole("/resurrect/store.log", whole);
  const cut = await openAt("/resurrect");
  writeBatch(cut, 2, 9);
  const again = await fixture.reopen(cut);
  expect([1, 2, 3].map((key) => again.get(Uint8Array.of(key))?.[0])).toEqual([1, 9, undefined]);
  await again.close();
});

describe("the file", () => {
  it("is rewritten when it has grown to a multiple of what it holds", async () => {
    const engine = await openAt("/grow");
    const value = new Uint8Array(100_000);
    for (let round = 0; round < 30; round++) engine.write([{ key: Uint8Array.of(1), value }]);
    expect(fileSystem.stat("/grow/store.log")?.sizeBytes).toBeLessThan(1_200_000);
    const again = await fixture.reopen(engine);
    expect(again.get(Uint8Array.of(1))).toEqual(value);
    await again.close();
  });
  it("of a newer version is refused, and stays", async () => {
    const engine = await openAt("/newer");
    await engine.close();
    const whole = readWhole("/newer/store.log");
    whole[7] = 9;
    writeWhole("/newer/store.log", whole);
    await expect(openAt("/newer")).rejects.toMatchObject({ code: "STORE_FORMAT_TOO_NEW" });
    expect(readWhole("/newer/store.log")).toEqual(whole);
  });
  it("that is open already is refused with a named error", async () => {
    const engine = await openAt("/twice");
    await expect(openAt("/twice")).rejects.toBeInstanceOf(StateError);
    await expect(openAt("/twice")).rejects.toMatchObject({ code: "STORE_ENGINE_LOCKED" });
    await engine.close();
    await (await openAt("/twice")).close();
  });
});

function readWhole(path: string): Uint8Array {
  const file = fileSystem.open(path, "read");
  const bytes = new Uint8Array(file.sizeBytes());
  file.read(bytes, 0);
  file.close();
  return bytes;
}

function writeWhole(path: string, bytes: Uint8Array): void {
  const file = fileSystem.open(path, "readWrite");
  file.truncate(0);
  file.write([bytes], 0);
  file.close();
}

/** Takes no byte, and counts the files that are open. */
class FullDisk extends MemoryFileSystem {
  openCount = 0;

  override open(path: string, mode: FileOpenMode): FileHandle {
    const handle = super.open(path, mode);
    this.openCount += 1;
    return new Proxy(handle, {
      get: (_, name) => {
        if (name === "write")
          return () => {
            throw new FileSystemError("DISK_FULL", path, "the disk is full");
          };
        if (name === "close") this.openCount -= 1;
        const value: unknown = Reflect.get(handle, name, handle);
        return typeof value === "function" ? value.bind(handle) : value;
      },
    });
  }
}

it("an engine that cannot be opened has no file open", async () => {
  const disk = new FullDisk();
  const full = fileEngineProvider({ fileSystem: disk, logger: silentLogger });
  await expect(full.open("/full")).rejects.toThrow("the disk is full");
  expect(disk.openCount).toBe(0);
});
