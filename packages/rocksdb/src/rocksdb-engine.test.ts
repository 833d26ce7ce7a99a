import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodePlatform } from "@millrace/platform/node";
import type { StoreEngine } from "@millrace/state";
import { afterAll, describe, expect, it } from "vitest";
import { rocksdbEngineProvider } from "./index.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-rocksdb-"));
const logged: string[] = [];
const platform = nodePlatform({
  logLevel: "warn",
  writeLogLine: (line) => void logged.push(line),
});
const provider = rocksdbEngineProvider(platform);
let count = 0;

afterAll(() => rmSync(root, { recursive: true, force: true }));

function openAt(directory: string): Promise<StoreEngine> {
  return provider.open(directory);
}

function freshDirectory(): string {
  return `${root}/${++count}`;
}

describe("ROCKSDB-1: a damaged database is moved aside and begins anew", () => {
  it.each(["overwritten", "missing"])("with its manifest %s", async (damage) => {
    const directory = freshDirectory();
    for (let round = 0; round < 2; round++) {
      const engine = await openAt(directory);
      expect(engine.get(Uint8Array.of(1))).toBeNull();
      engine.write([{ key: Uint8Array.of(1), value: Uint8Array.of(2) }]);
      await engine.close();
      const manifest = readdirSync(directory).find((name) => name.startsWith("MANIFEST")) ?? "";
      if (damage === "missing") rmSync(join(directory, manifest));
      else writeFileSync(join(directory, manifest), "no manifest");
    }
    const engine = await openAt(directory);
    expect(engine.get(Uint8Array.of(1))).toBeNull();
    await engine.close();
    const moved = readdirSync(root).filter((name) => name.startsWith(`${count}.corrupt-`));
    expect(moved).toHaveLength(1);
    expect(logged.some((line) => line.includes("state.moved-aside"))).toBe(true);
  });
});

it("a database that cannot be opened says what to look at, and is left as it is", async () => {
  const directory = freshDirectory();
  mkdirSync(join(directory, "LOCK"), { recursive: true });
  await expect(openAt(directory)).rejects.toMatchObject({
    code: "STORE_ENGINE_FAILED",
    message: expect.stringContaining("how many files may be open (`ulimit -n`)"),
  });
  expect(readdirSync(directory)).toContain("LOCK");
});

describe("ROCKSDB-5: what RocksDB leaves out of its write-ahead log is told", () => {
  const entry = (key: number) => ({ key: Uint8Array.of(key), value: new Uint8Array(100) });

  /** Of a database with ten writes in its log, which are opened again after the damage. */
  async function told(damage: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array) {
    const directory = freshDirectory();
    const engine = await openAt(directory);
    for (let key = 1; key <= 10; key++) engine.write([entry(key)]);
    await engine.close();
    const logs = readdirSync(directory).filter((name) => /^\d+\.log$/.test(name));
    for (const name of logs) {
      const path = join(directory, name);
      writeFileSync(path, damage(new Uint8Array(readFileSync(path))));
    }
    logged.length = 0;
    for (let round = 0; round < 2; round++) {
      const again = await openAt(directory); // what is gone is told once
      const left = Array.from({ length: 10 }, (_, at) => again.get(Uint8Array.of(at + 1)) !== null);
      expect(left.includes(true) && left.includes(false)).toBe(true);
      await again.close();
    }
    expect(readdirSync(directory).filter((name) => name.startsWith("LOG.old"))).toEqual([]);
    return { directory, events: logged.map((line): unknown => JSON.parse(line)) };
  }

  it("as an error where it is damaged", async () => {
    const { directory, events } = await told((bytes) => {
      bytes[bytes.length >> 1] ^= 0xff;
      return bytes;
    });
    expect(events).toMatchObject([
      { level: "error", event: "rocksdb.writes-dropped", directory, count: 1 },
    ]);
    expect(events).toMatchObject([
      { bytes: expect.any(Number), reason: "Corruption: checksum mismatch" },
    ]);
  });

  it("as a torn tail where a crash has left its end half written", async () => {
    const { directory, events } = await told((bytes) => bytes.subarray(0, bytes.length - 40));
    expect(events).toMatchObject([{ level: "warn", event: "rocksdb.torn-tail-cut", directory }]);
    expect(events).toMatchObject([{ bytes: expect.any(Number) }]);
  });

  it("and where it cannot be found out, that is: the database opens, and closes", async () => {
    const directory = freshDirectory();
    mkdirSync(join(directory, "LOG.old.1"), { recursive: true }); // nothing that can be removed as a file
    logged.length = 0;
    for (let round = 0; round < 2; round++) await (await openAt(directory)).close();
    const unread = { level: "warn", event: "rocksdb.log-unread", directory };
    expect(logged.map((line): unknown => JSON.parse(line))).toMatchObject([unread, unread]);
  });
});

describe("ROCKSDB-4: scans share iterators between writes", () => {
  const entry = (key: number) => ({ key: Uint8Array.of(key), value: Uint8Array.of(key) });
  const keysOf = (engine: StoreEngine, from: number, to?: number): number[] => {
    const end = to === undefined ? {} : { to: Uint8Array.of(to) };
    using cursor = engine.scan({ from: Uint8Array.of(from), ...end, direction: "forward" });
    const keys: number[] = [];
    while (cursor.next()) keys.push(cursor.key[0]);
    return keys;
  };

  it("each ends at its own bound, and sees what was written before it", async () => {
    const engine = await openAt(freshDirectory());
    engine.write(Array.from({ length: 100 }, (_, key) => entry(2 * key)));
    expect(keysOf(engine, 10, 13)).toEqual([10, 12]);
    expect(keysOf(engine, 3, 4)).toEqual([]);
    expect(keysOf(engine, 196)).toEqual([196, 198]);
    expect(keysOf(engine, 0, 199)).toHaveLength(100);
    engine.write([entry(11)]);
    expect(keysOf(engine, 10, 13)).toEqual([10, 11, 12]);
    engine.deleteRange(Uint8Array.of(10), Uint8Array.of(12));
    expect(keysOf(engine, 10, 13)).toEqual([12]);
    await engine.close();
  });

  it("one that is open keeps to what was there when it began", async () => {
    const engine = await openAt(freshDirectory());
    engine.write([entry(1), entry(5), entry(9)]);
    const early = engine.scan({ from: Uint8Array.of(1), direction: "forward" });
    expect(early.next()).toBe(true);
    expect(keysOf(engine, 4)).toEqual([5, 9]);
    engine.write([entry(7)]);
    expect(keysOf(engine, 4)).toEqual([5, 7, 9]);
    const seen: number[] = [];
    while (early.next()) seen.push(early.key[0]);
    expect(seen).toEqual([5, 9]);
    early[Symbol.dispose]();
    expect(keysOf(engine, 4)).toEqual([5, 7, 9]);
    await engine.close();
  });
});

describe("only one file knows the native package", () => {
  it("is native-database.ts", () => {
    const folder = fileURLToPath(new URL(".", import.meta.url));
    const knowing = readdirSync(folder).filter(
      (name) =>
        !name.endsWith(".test.ts") &&
        readFileSync(join(folder, name), "utf8").includes('"@nxtedition/rocksdb"'),
    );
    expect(knowing).toEqual(["native-database.ts"]);
  });
});

it("tells its properties while it is open, and is set up by whom it asks", async () => {
  const asked: string[] = [];
  const tuned = rocksdbEngineProvider(platform, {
    tune: (task) => {
      asked.push(task);
      return { blockCacheBytes: 3_000_000, compaction: "universal", isCompressed: false };
    },
  });
  const directory = freshDirectory();
  const task = directory.slice(directory.lastIndexOf("/") + 1);
  const gauge = (name: string) =>
    platform.metrics.snapshot().find((one) => one.name === name && one.tags["task"] === task);
  const engine = await tuned.open(directory);
  engine.write([{ key: Uint8Array.of(1), value: Uint8Array.of(2) }]);
  expect(asked).toEqual([task]);
  expect(gauge("block-cache-capacity")?.value).toBe(3_000_000);
  expect(gauge("num-entries-active-mem-table")?.value).toBe(1);
  await engine.close();
  expect(gauge("block-cache-capacity")).toBeUndefined();
});
