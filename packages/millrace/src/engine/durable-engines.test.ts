import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { nodePlatform } from "@millrace/platform/node";
import { rocksdbEngineProvider } from "@millrace/rocksdb";
import { sqliteEngineProvider } from "@millrace/sqlite";
import { StateError, type StoreEngine, type StoreEngineProvider } from "@millrace/state";
import {
  boundedStoresConformance,
  expiringStoresConformance,
  queryViewsConformance,
  storeEngineConformance,
  taskStoresConformance,
  versionedStoresConformance,
} from "@millrace/state/conformance";
import { afterAll, describe, expect, it } from "vitest";

/** What holds of each engine that keeps stores on the disk, whichever an application takes. */
const platform = nodePlatform({ logLevel: "error", writeLogLine: () => {} });

/** What engines share, the memory engine and the file engine show with more seeds, without a disk. */
const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const engines = [
  {
    name: "RocksDB",
    refuses: "ROCKSDB-2: what would crash the process is an error",
    survives: "ROCKSDB-3: batches survive a kill of the process, whole and in order",
    emptyKey: /ROCKSDB-2/,
    provider: rocksdbEngineProvider(platform),
    opening: `(await import("@millrace/rocksdb")).rocksdbEngineProvider`,
    seeds: isVerify ? 3 : 1,
  },
  {
    name: "SQLite",
    refuses: "SQLITE-2: what SQLite would take for nothing is an error",
    survives: "SQLITE-3: batches survive a kill of the process, whole and in order",
    emptyKey: /SQLITE-2/,
    provider: sqliteEngineProvider(platform),
    opening: `(await import("@millrace/sqlite")).sqliteEngineProvider`,
    seeds: isVerify ? 20 : 1,
  },
] as const;

/** Writes the same number under twenty keys, batch by batch, and says which it wrote. */
const writer = (opening: string): string => `
  import { nodePlatform } from "@millrace/platform/node";
  const engine = await ${opening}(nodePlatform()).open(process.argv[1]);
  for (let batch = 1; batch < 1_000_000; batch++) {
    const value = new Uint8Array(4);
    new DataView(value.buffer).setInt32(0, batch);
    engine.write(Array.from({ length: 20 }, (_, index) => ({ key: Uint8Array.of(index + 1), value })));
    if (batch % 50 !== 0) continue;
    process.send(batch);
    await new Promise((resolve) => setImmediate(resolve));
  }`;

/** Databases in folders of their own. */
class Folders {
  readonly #provider: StoreEngineProvider;
  readonly #root = mkdtempSync(join(tmpdir(), "millrace-engines-"));
  readonly #directories = new Map<StoreEngine, string>();
  #count = 0;

  constructor(provider: StoreEngineProvider) {
    this.#provider = provider;
  }

  next(): string {
    return join(this.#root, String(++this.#count));
  }

  async openAt(directory: string): Promise<StoreEngine> {
    const engine = await this.#provider.open(directory);
    this.#directories.set(engine, directory);
    return engine;
  }

  openEmpty(): Promise<StoreEngine> {
    return this.openAt(this.next());
  }

  async reopen(engine: StoreEngine): Promise<StoreEngine> {
    await engine.close();
    return this.openAt(this.#directories.get(engine) ?? "");
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

describe.each(engines)("$name", ({ name, provider, opening, seeds, ...laws }) => {
  const folders = new Folders(provider);
  afterAll(() => folders.remove());
  const fixture = {
    seeds,
    openEmpty: () => folders.openEmpty(),
    reopen: (engine: StoreEngine) => folders.reopen(engine),
  };

  describe(`STATE-1: ${name} is a store engine`, () => {
    for (const { name, run } of storeEngineConformance(fixture)) it(name, run);
  });

  describe(`STATE-2: stores on ${name}`, () => {
    for (const { name, run } of taskStoresConformance(fixture)) it(name, run);
  });

  describe(`STATE-12: stores whose rows expire, on ${name}`, () => {
    for (const { name, run } of expiringStoresConformance(fixture)) it(name, run);
  });

  describe(`STATE-17: queries beside a task, on ${name}`, () => {
    for (const { name, run } of queryViewsConformance(fixture)) it(name, run);
  });

  describe(`STATE-13: versioned stores on ${name}`, () => {
    for (const { name, run } of versionedStoresConformance(fixture)) it(name, run);
  });

  describe(`STATE-14: LRU stores and stores of lists on ${name}`, () => {
    for (const { name, run } of boundedStoresConformance(fixture)) it(name, run);
  });

  it("that is open already is refused with a named error", async () => {
    const directory = folders.next();
    const engine = await folders.openAt(directory);
    await expect(folders.openAt(directory)).rejects.toMatchObject({
      name: StateError.name,
      code: "STORE_ENGINE_LOCKED",
    });
    await engine.close();
    await (await folders.openAt(directory)).close();
  });

  describe(laws.refuses, () => {
    it("an empty key", async () => {
      const engine = await folders.openEmpty();
      const empty = new Uint8Array(0);
      expect(() => engine.get(empty)).toThrow(laws.emptyKey);
      expect(() => engine.write([{ key: empty, value: empty }])).toThrow(laws.emptyKey);
      await engine.close();
    });

    it("a cursor that outlives its engine", async () => {
      const engine = await folders.openEmpty();
      engine.write([{ key: Uint8Array.of(1), value: Uint8Array.of(1) }]);
      const cursor = engine.scan({});
      await engine.close();
      expect(cursor.next()).toBe(false);
      cursor[Symbol.dispose]();
    });
  });

  it(`${laws.survives}, with kill -9 between two writes`, async () => {
    const directory = folders.next();
    const child = spawn(
      process.execPath,
      ["--input-type=module", "-e", writer(opening), directory],
      {
        cwd: fileURLToPath(new URL(".", import.meta.url)),
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      },
    );
    const last = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.on("message", (written) => {
        if (typeof written !== "number" || written < 300) return;
        child.once("exit", () => resolve(written));
        child.kill("SIGKILL");
      });
    });
    const engine = await folders.openAt(directory);
    const first = engine.get(Uint8Array.of(1)) ?? new Uint8Array(4);
    const written = new DataView(first.buffer, first.byteOffset).getInt32(0);
    expect(written).toBeGreaterThanOrEqual(last);
    for (let key = 2; key <= 20; key++) expect(engine.get(Uint8Array.of(key))).toEqual(first);
    await engine.close();
  });
});

describe("STATE-21: a folder is of one engine", () => {
  const root = mkdtempSync(join(tmpdir(), "millrace-engines-"));
  const logged: string[] = [];
  const told = nodePlatform({ logLevel: "warn", writeLogLine: (line) => void logged.push(line) });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it("and what another wrote is moved aside, with one line, not read and not deleted", async () => {
    const rocksdb = rocksdbEngineProvider(told);
    const sqlite = sqliteEngineProvider(told);
    const entry = { key: Uint8Array.of(1), value: Uint8Array.of(2) };
    for (const [provider, other] of [
      [rocksdb, ""],
      [sqlite, "rocksdb"],
      [rocksdb, "sqlite"],
      [sqlite, "rocksdb"],
    ] as const) {
      logged.length = 0;
      const engine = await provider.open(join(root, "0_0"));
      expect(engine.get(entry.key)).toBeNull();
      engine.write([entry]);
      await engine.close();
      const lines = logged.filter((line) => line.includes("state.engine-changed"));
      expect(lines).toHaveLength(other === "" ? 0 : 1);
      const moved = readdirSync(root).filter((name) => name.startsWith(`0_0.${other}-`));
      expect(moved).toHaveLength(other === "" ? 0 : 1);
    }
  });
});
