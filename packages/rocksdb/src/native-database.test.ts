import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodePlatform } from "@millrace/platform/node";
import type { StoreEngine } from "@millrace/state";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { rocksdbEngineProvider } from "./index.ts";
import { loadNative, NativeDatabase } from "./native-database.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-rocksdb-held-"));
const rounds = 200;
/** Iterators that wait for the next scan. */
const heldMax = 4;
let engine: StoreEngine;
/** What the native database keeps until it is closed, unless it is told that it is done with. */
const held = new Set<unknown>();

beforeAll(async () => {
  const { prototype } = loadNative().RocksLevel;
  const { attachResource, detachResource } = prototype;
  vi.spyOn(prototype, "attachResource").mockImplementation(function (this: object, resource) {
    held.add(resource);
    attachResource.call(this, resource);
  });
  vi.spyOn(prototype, "detachResource").mockImplementation(function (this: object, resource) {
    held.delete(resource);
    detachResource.call(this, resource);
  });
  engine = await rocksdbEngineProvider(nodePlatform({ logLevel: "error" })).open(root);
});
afterAll(async () => {
  await engine.close();
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

test("nothing is kept of a write", () => {
  for (let round = 0; round < rounds; round++)
    engine.write([{ key: Uint8Array.of(1 + (round % 9)), value: Uint8Array.of(round) }]);
  expect(held.size).toBeLessThanOrEqual(heldMax);
});

test.each(["forward", "backward"] as const)("nothing is kept of a scan, %s", (direction) => {
  for (let round = 0; round < rounds; round++) {
    engine.write([{ key: Uint8Array.of(9), value: Uint8Array.of(round) }]);
    using cursor = engine.scan({ direction });
    expect(cursor.next()).toBe(true);
  }
  expect(held.size).toBeLessThanOrEqual(heldMax);
});

test("nothing is kept of a range that was deleted", () => {
  for (let round = 0; round < rounds; round++)
    engine.deleteRange(Uint8Array.of(100), Uint8Array.of(200));
  expect(held.size).toBeLessThanOrEqual(heldMax);
});

test.each([
  ["is not there", (level: object, context: symbol) => void Reflect.deleteProperty(level, context)],
  ["has nothing", (level: object, context: symbol) => void Reflect.set(level, context, undefined)],
  ["is one of two", (level: object) => void Reflect.set(level, Symbol("context"), 1)],
])("ROCKSDB-6: where the native context %s, the database is closed again", async (_, alter) => {
  const { RocksLevel } = loadNative();
  class OtherLevel extends RocksLevel {
    #restore = (): void => {};

    override async open(): Promise<void> {
      await super.open();
      const [context] = Object.getOwnPropertySymbols(this).filter(
        ({ description }) => description === "context",
      );
      const value: unknown = Reflect.get(this, context);
      this.#restore = () => void Reflect.set(this, context, value);
      alter(this, context);
    }

    override close(): Promise<void> {
      this.#restore();
      return super.close();
    }
  }
  const directory = mkdtempSync(`${root}-`);
  const options = {
    memtableBytesMax: 1_000_000,
    blockCacheBytes: 1_000_000,
    blockBytes: 4096,
    isCompressed: false,
    compaction: "level",
    bloomBitsPerKey: 10,
  } as const;
  const opening = NativeDatabase.open({ RocksLevel: OtherLevel }, directory, options);
  await expect(opening).rejects.toMatchObject({ code: "INVARIANT", law: "ROCKSDB-6" });
  await (await NativeDatabase.open({ RocksLevel }, directory, options)).close();
  rmSync(directory, { recursive: true });
});
