import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StateError, type StoreEngine } from "@millrace/state";
import { describe, expect, it } from "vitest";
import { loggedSqlite } from "../test-support/logged-sqlite.ts";
import { sqliteEngineProvider } from "./index.ts";

const { platform, logged, sqlite, freshDirectory } = loggedSqlite("sqlite");

function openAt(directory: string): Promise<StoreEngine> {
  return sqlite.open(directory);
}

describe("SQLITE-1: a damaged database is moved aside and begins anew", () => {
  const file = (directory: string): string => join(directory, "store.sqlite");
  const rows = (count: number) =>
    Array.from({ length: count }, (_, key) => ({
      key: Uint8Array.of(1, key >> 8, key),
      value: new Uint8Array(50).fill(0x77),
    }));

  it.each(["overwritten", "truncated"])("that is %s as it is opened", async (damage) => {
    const directory = freshDirectory();
    for (let round = 0; round < 2; round++) {
      const engine = await openAt(directory);
      expect(engine.get(Uint8Array.of(1, 0, 0))).toBeNull();
      engine.write(rows(1000));
      await engine.close();
      const bytes = readFileSync(file(directory));
      if (damage === "truncated") writeFileSync(file(directory), bytes.subarray(0, 5000));
      else writeFileSync(file(directory), bytes.fill(0x5a, 0, 200));
    }
    const engine = await openAt(directory);
    expect(engine.get(Uint8Array.of(1, 0, 0))).toBeNull();
    await engine.close();
    const moved = readdirSync(dirname(directory)).filter((name) =>
      name.startsWith(`${basename(directory)}.corrupt-`),
    );
    expect(moved).toHaveLength(1);
    expect(logged.some((line) => line.includes("state.moved-aside"))).toBe(true);
  });

  it("that is met by a read: said so, and begun anew once", async () => {
    const directory = freshDirectory();
    for (const code of ["STORE_DAMAGED", "STORE_ENGINE_FAILED"]) {
      const first = await openAt(directory);
      expect(first.get(Uint8Array.of(1, 0, 0))).toBeNull();
      first.write(rows(1));
      await first.close();
      const bytes = readFileSync(file(directory));
      // A single bit of a value, which leaves the structure of the page as it was.
      bytes[bytes.indexOf(Uint8Array.of(0x77, 0x77, 0x77)) + 1] ^= 1;
      writeFileSync(file(directory), bytes);
      const engine = await openAt(directory);
      const read = (): void => {
        using cursor = engine.scan({});
        while (cursor.next());
      };
      expect(read).toThrow(expect.objectContaining({ code }));
      await engine.close();
    }
  });

  it("SQLITE-4: a value that another byte is in is never given out", async () => {
    const directory = freshDirectory();
    const first = await openAt(directory);
    first.write(rows(1));
    await first.close();
    const bytes = readFileSync(file(directory));
    bytes[bytes.indexOf(Uint8Array.of(0x77, 0x77, 0x77)) + 1] ^= 1;
    writeFileSync(file(directory), bytes);
    const engine = await openAt(directory);
    expect(() => engine.get(Uint8Array.of(1, 0, 0))).toThrow(/checksum/);
    await engine.close();
  });

  // By the kinds of its pages: rows are in both.
  it.each([
    ["a leaf", 0x0a],
    ["a page above", 0x02],
  ])("SQLITE-5: a key that has another bit in %s is not taken for absent", async (_where, kind) => {
    const directory = freshDirectory();
    const first = await openAt(directory);
    const value = new Uint8Array(50).fill(0x77);
    const keyOf = (index: number) => Uint8Array.of(1, 1 + (index >> 6), ((index << 2) & 0xff) | 1);
    first.write(Array.from({ length: 1000 }, (_, index) => ({ key: keyOf(index), value })));
    await first.close();
    const sound = readFileSync(file(directory));
    const page = [2, 3, 4, 5].find((number) => sound[number * 4096] === kind) ?? 1;
    // What lies at its end is a row, and nothing that another page has now.
    const valueAt = sound.lastIndexOf(value, (page + 1) * 4096);
    const key = Uint8Array.from(sound.subarray(valueAt - 3, valueAt));
    for (const bit of [1, 2]) {
      const bytes = Buffer.from(sound);
      bytes[valueAt - 1] ^= bit; // less, and more, and none that is there
      writeFileSync(file(directory), bytes);
      const engine = await sqliteEngineProvider(platform).open(directory);
      expect(() => engine.get(key)).toThrow(/checksum/);
      using cursor = engine.scan({ from: key, to: Uint8Array.from([...key, 0]) });
      expect(() => cursor.next()).toThrow(/checksum/);
      expect(engine.get(Uint8Array.of(1, 200, 0))).toBeNull();
      await engine.close();
    }
  });

  it("of a newer version is refused, and stays", async () => {
    const directory = freshDirectory();
    await (await openAt(directory)).close();
    const database = new DatabaseSync(file(directory));
    database.exec("PRAGMA user_version = 9");
    database.close();
    expect(await codeOf(openAt(directory))).toBe("STORE_FORMAT_TOO_NEW");
    expect(readdirSync(directory)).toContain("store.sqlite");
  });
});

describe("a database that another program has", () => {
  const databaseIn = (directory: string): DatabaseSync => {
    mkdirSync(directory, { recursive: true });
    return new DatabaseSync(join(directory, "store.sqlite"));
  };

  it.each([
    ["with tables", "CREATE TABLE users (id INTEGER)"],
    ["with a table of that name", "CREATE TABLE entries (id INTEGER)"],
    ["with a format of its own", "CREATE TABLE users (id INTEGER); PRAGMA user_version = 1"],
  ])("%s is refused, and stays as it was", async (_kind, make) => {
    const directory = freshDirectory();
    const own = databaseIn(directory);
    own.exec(make);
    await expect(openAt(directory)).rejects.toMatchObject({
      code: "STORE_FORMAT_UNKNOWN",
      message: expect.stringContaining(`${directory}/store.sqlite`),
    });
    const { journal_mode: mode } = own.prepare("PRAGMA journal_mode").get() ?? {};
    expect(mode).toBe("delete");
    own.close();
  });

  it("that cannot be opened is told with what it may be, which SQLite does not say", async () => {
    const directory = freshDirectory();
    mkdirSync(join(directory, "store.sqlite"), { recursive: true });
    await expect(openAt(directory)).rejects.toMatchObject({
      code: "STORE_ENGINE_FAILED",
      message: expect.stringMatching(/permissions.*ulimit -n/),
    });
  });

  it("as it is opened is waited for, and told of", async () => {
    const directory = freshDirectory();
    await (await openAt(directory)).close();
    const other = databaseIn(directory);
    other.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    const beginMs = performance.now();
    await expect(openAt(directory)).rejects.toMatchObject({
      code: "STORE_ENGINE_FAILED",
      message: expect.stringContaining("Another program"),
    });
    expect(performance.now() - beginMs).toBeGreaterThan(90);
    other.close();
    await (await openAt(directory)).close();
  });

  it("under way with a write is waited for, and told of", async () => {
    const directory = freshDirectory();
    const engine = await openAt(directory);
    const other = databaseIn(directory);
    other.exec("BEGIN IMMEDIATE");
    const write = (): void => engine.write([{ key: Uint8Array.of(1), value: Uint8Array.of(2) }]);
    const beginMs = performance.now();
    expect(write).toThrow(
      expect.objectContaining({
        code: "STORE_ENGINE_FAILED",
        message: expect.stringContaining("Another program"),
      }),
    );
    expect(performance.now() - beginMs).toBeGreaterThan(90);
    other.exec("ROLLBACK");
    other.close();
    write();
    await engine.close();
  });
});

describe("scans", () => {
  it("of rows that are large bring few at a time, and all of them", async () => {
    const engine = await openAt(freshDirectory());
    const value = new Uint8Array(300_000);
    engine.write(Array.from({ length: 20 }, (_, key) => ({ key: Uint8Array.of(key), value })));
    for (const direction of ["forward", "backward"] as const) {
      using cursor = engine.scan({ direction });
      let rows = 0;
      while (cursor.next()) rows += cursor.value.length === value.length ? 1 : 0;
      expect(rows).toBe(20);
    }
    await engine.close();
  });

  it("say about how many rows there are", async () => {
    const engine = await openAt(freshDirectory());
    engine.write(
      Array.from({ length: 20_000 }, (_, index) => ({
        key: Uint8Array.of(1, index >> 8, index),
        value: new Uint8Array(80),
      })),
    );
    expect(engine.estimatedEntryCount).toBeGreaterThan(10_000);
    expect(engine.estimatedEntryCount).toBeLessThan(40_000);
    await engine.close();
  });
});

async function codeOf(opening: Promise<unknown>): Promise<string> {
  try {
    await opening;
  } catch (error) {
    return error instanceof StateError ? error.code : String(error);
  }
  return "nothing was thrown";
}

it("tells its size while it is open, and keeps within the memory of all", async () => {
  const directory = freshDirectory();
  const task = directory.slice(directory.lastIndexOf("/") + 1);
  const gauge = (name: string) =>
    platform.metrics.snapshot().find((one) => one.name === name && one.tags["task"] === task);
  const engine = await sqliteEngineProvider(platform, { memoryBytesMax: 1 }).open(directory);
  engine.write([{ key: Uint8Array.of(1), value: Uint8Array.of(2) }]);
  expect(gauge("sqlite-file-bytes")?.value).toBeGreaterThan(4000);
  expect(logged.some((line) => line.includes("sqlite.memory-used-up"))).toBe(true);
  await engine.close();
  expect(gauge("sqlite-file-bytes")).toBeUndefined();
});
