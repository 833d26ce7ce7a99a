import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, type LogFields } from "@millrace/platform";
import { MemoryFileSystem } from "@millrace/platform/memory";
import { nodePlatform } from "@millrace/platform/node";
import { describe, expect, it, vi } from "vitest";
import { loggedSqlite } from "../test-support/logged-sqlite.ts";
import { tellDroppedWrites } from "./dropped-writes.ts";

describe("SQLITE-6: what SQLite leaves out of a damaged log is told", () => {
  const { logged, sqlite, freshDirectory } = loggedSqlite("sqlite-log");

  const entry = (key: number) => ({ key: Uint8Array.of(key), value: new Uint8Array(100).fill(1) });

  /** As a process leaves it that was killed after ten writes, opened again after damage to the log, and after another kill. */
  async function opened(damage: (log: Uint8Array) => void) {
    const [directory, killed, again] = [freshDirectory(), freshDirectory(), freshDirectory()];
    for (const keys of [[1, 2, 3], [], [4, 5, 6, 7, 8, 9, 10]]) {
      const engine = await sqlite.open(directory);
      for (const key of keys) engine.write([entry(key)]);
      if (keys.length > 3) cpSync(directory, killed, { recursive: true });
      await engine.close();
    }
    const log = readFileSync(join(killed, "store.sqlite-wal"));
    damage(log);
    writeFileSync(join(killed, "store.sqlite-wal"), log);
    logged.length = 0;
    const first = await sqlite.open(killed);
    first.write([entry(11)]);
    cpSync(killed, again, { recursive: true });
    await first.close();
    const engine = await sqlite.open(again); // what is gone is told once
    const left = Array.from({ length: 10 }, (_, at) => engine.get(Uint8Array.of(at + 1)) !== null);
    expect(engine.get(Uint8Array.of(11))).not.toBeNull();
    await engine.close();
    return { killed, left, events: logged.map((line): unknown => JSON.parse(line)) };
  }

  it.each([
    ["in a page", (log: Uint8Array) => (log[log.length - 5000] ^= 1), 2],
    ["in its first frame", (log: Uint8Array) => (log[40] ^= 1), 7],
    ["in its header's checksum", (log: Uint8Array) => (log[25] ^= 1), 7],
    ["in its first bytes", (log: Uint8Array) => (log[1] ^= 1), 7],
    ["in the order of bytes", (log: Uint8Array) => (log[3] ^= 1), 7],
    ["in the size of pages", (log: Uint8Array) => (log[9] ^= 1), 7],
    ["in its salts", (log: Uint8Array) => (log[17] ^= 1), 7],
  ])("%s", async (_, damage, count) => {
    const { killed: directory, left, events } = await opened(damage);
    expect(events).toMatchObject([
      { level: "error", event: "sqlite.writes-dropped", directory, count },
    ]);
    expect(left.filter((isThere) => !isThere).length).toBe(count);
  });

  it("and nothing where it is whole, also over a log that was begun anew", async () => {
    const { left, events } = await opened(() => {});
    expect(events).toEqual([]);
    expect(left).not.toContain(false);
  });
});

describe("SQLITE-6: a log is read by frames, and never keeps anybody from opening the database", () => {
  const directory = "/state/0_1";
  const path = `${directory}/store.sqlite-wal`;

  function loggerOf(told: unknown[]) {
    const log = (level: string, event: string, fields?: LogFields): void =>
      void told.push({ level, event, ...fields });
    return { ...silentLogger, log };
  }

  it.each([
    ["writes", 1, { count: 50 }],
    ["no end of a write", 0, {}],
  ])("a log without a sound header, with %s, is read by frames", (_, size, counted) => {
    const [headerBytes, frameBytes] = [32, 24 + 4096];
    const bytes = new Uint8Array(headerBytes + 50 * frameBytes + 100);
    for (let at = headerBytes; at + frameBytes <= bytes.length; at += frameBytes)
      bytes.set([0, 0, 0, size, 5, 5, 5, 5, 6, 6, 6, 6], at + 4);
    const fileSystem = new MemoryFileSystem();
    fileSystem.makeDirectory(directory);
    const file = fileSystem.open(path, "create");
    file.write([bytes], 0);
    const read = vi.spyOn(file, "read");
    vi.spyOn(fileSystem, "open").mockReturnValue(file);
    const told: unknown[] = [];
    tellDroppedWrites({ fileSystem, logger: loggerOf(told) }, { directory, path });
    expect(told).toEqual([
      {
        level: "error",
        event: "sqlite.writes-dropped",
        directory,
        bytes: 50 * frameBytes,
        ...counted,
      },
    ]);
    const bytesMax = Math.max(...read.mock.calls.map(([target]) => target.length));
    expect(bytesMax).toBeLessThanOrEqual(frameBytes);
  });

  it("a log that cannot be read is told", () => {
    const told: unknown[] = [];
    const { fileSystem } = nodePlatform();
    tellDroppedWrites({ fileSystem, logger: loggerOf(told) }, { directory, path: tmpdir() });
    expect(told).toMatchObject([{ level: "warn", event: "sqlite.log-unread", directory }]);
  });
});
