import { encodeUtf8, toHex } from "@millrace/model";
import { SeededRandom } from "@millrace/platform";
import { expect, test } from "vitest";

import { SnapshotError } from "../contract/snapshot-error.ts";
import { checksumOf } from "./block-checksum.ts";
import { decodeManifest, encodeManifest } from "./manifest-bytes.ts";
import { isManifest } from "./manifest-form.ts";
import { rowsOf } from "./rows-of.ts";
import type { SnapshotManifest } from "./snapshot-manifest.ts";

const block = { file: "000000.rows", rows: 2, lengthBytes: 40, checksum: 7 };
const manifest: SnapshotManifest = {
  application: "app",
  task: "0_0",
  asOfMs: 1,
  stores: [
    { name: "a", offset: 5, changelog: "a-0", topicId: "", layout: 1, spanMs: 0, blocks: [block] },
    { name: "b", offset: 0, changelog: "b-0", topicId: "i", layout: 2, spanMs: 60, blocks: [] },
  ],
};

type Path = readonly (string | number)[];

/** Of all that a manifest has in it, the manifest itself included. */
function* pathsOf(value: unknown, path: Path = []): Generator<Path> {
  yield path;
  if (typeof value !== "object" || value === null) return;
  for (const [name, part] of Object.entries(value)) yield* pathsOf(part, [...path, name]);
}

function changed(value: unknown, [name, ...rest]: Path, to: unknown): unknown {
  if (name === undefined) return to;
  if (typeof value !== "object" || value === null) return value; // an earlier change took it away
  const copy: Record<string, unknown> = { ...value };
  const part = changed(copy[name], rest, to);
  if (part === undefined) delete copy[name];
  else copy[name] = part;
  return Array.isArray(value) ? Object.values(copy) : copy;
}

/** As somebody writes it who knows the checksum. */
function bytesOf(told: unknown): Uint8Array {
  const content = JSON.stringify(told) ?? "";
  return encodeUtf8(JSON.stringify({ checksum: checksumOf(encodeUtf8(content)), content }));
}

/** Whether it is one; what is none is refused by a named error, and by nothing else. */
function isRead(bytes: Uint8Array): boolean {
  try {
    expect(isManifest(decodeManifest(bytes, "place"))).toBe(true);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(SnapshotError);
    expect((error as SnapshotError).code).toMatch(/^SNAPSHOT_(DAMAGED|TOO_NEW)$/);
    return false;
  }
}

const hostile: readonly unknown[] = [
  null,
  true,
  -1,
  1.5,
  2 ** 53,
  1e308,
  "",
  "../../0_1/1/000000.rows",
  "/etc/passwd",
  "C:\\x.rows",
  [],
  [null],
  {},
  { length: 3 },
  "9".repeat(3000),
  Array.from({ length: 1000 }, () => null),
];

test("a manifest is refused by name where any field is missing, or of another type", () => {
  const whole = { format: 1, ...manifest };
  expect(decodeManifest(encodeManifest(manifest), "place")).toMatchObject(manifest);
  expect(isRead(bytesOf(whole))).toBe(true);
  let refused = 0;
  for (const path of pathsOf(whole)) {
    expect(isRead(bytesOf(changed(whole, path, undefined))), `without ${path.join(".")}`).toBe(
      /^stores\.(\d+|0\.blocks\.0)$/.test(path.join(".")), // one less
    );
    for (const value of hostile) refused += isRead(bytesOf(changed(whole, path, value))) ? 0 : 1;
  }
  expect(refused).toBeGreaterThan(300);
  for (const bytes of ["", "[]", "null", '{"content":7}', '{"checksum":0,"content":"{}"}'])
    expect(isRead(encodeUtf8(bytes)), bytes).toBe(false);
});

test("and where several have changed at random", () => {
  const seed = 11;
  const random = new SeededRandom(seed);
  const paths = [...pathsOf({ format: 1, ...manifest })];
  for (let run = 0; run < 1000; run++) {
    let told: unknown = { format: 1, ...manifest };
    for (let change = 0; change < 3; change++)
      told = changed(
        told,
        paths[random.nextUint32() % paths.length],
        hostile[random.nextUint32() % hostile.length],
      );
    isRead(bytesOf(told));
  }
});

test("rows are within their block, whatever lengths it tells", () => {
  const random = new SeededRandom(12);
  for (let run = 0; run < 5000; run++) {
    const bytes = new Uint8Array(random.nextUint32() % 40);
    for (let index = 0; index < bytes.length; index++)
      bytes[index] = random.nextUint32() % 5 === 0 ? random.nextUint32() : index % 4 === 3 ? 3 : 0;
    const rows = random.nextUint32() % 4;
    const entries = rowsOf(bytes, rows);
    if (entries === undefined) continue;
    const read = [...entries];
    expect(read).toHaveLength(rows);
    const lengths = read.map(({ key, value }) => 8 + key.length + (value?.length ?? 0));
    expect(
      lengths.reduce((sum, one) => sum + one, 0),
      toHex(bytes),
    ).toBe(bytes.length);
  }
});

test.each([
  ["arrays without an end", () => "[".repeat(4 * 2 ** 20)],
  ["arrays that end", () => "[".repeat(2 ** 21) + "]".repeat(2 ** 21)],
  ["objects without an end", () => '{"a":'.repeat(2 ** 19)],
  ["names without an end", () => `{${names(2 ** 18)}"z":1}`],
])("a manifest of %s is refused before it is taken apart", (named, textOf) => {
  const text = textOf();
  const cpuMsOf = (bytes: Uint8Array): number => {
    const { user, system } = process.cpuUsage();
    expect(isRead(bytes)).toBe(false);
    const spent = process.cpuUsage();
    return (spent.user + spent.system - user - system) / 1000;
  };
  expect(cpuMsOf(encodeUtf8(text))).toBeLessThan(100);
  if (named.startsWith("names")) return;
  const told = bytesOfText(text);
  expect(cpuMsOf(told)).toBeLessThan(250); // its checksum is looked at, and holds
  expect(() => decodeManifest(told, "place")).toThrow(/place.*nested deeper/);
});

test("a manifest that is larger than any is refused unread", () => {
  expect(() => decodeManifest(new Uint8Array(64 * 2 ** 20 + 1), "place")).toThrow(
    expect.objectContaining({
      code: "SNAPSHOT_DAMAGED",
      message: expect.stringContaining("67108865 bytes"),
    }),
  );
});

test("names of prototypes, and names that come twice, are fields like others", () => {
  const text = `{"format":1,"__proto__":${JSON.stringify(manifest)},"stores":[],"stores":7}`;
  expect(isRead(bytesOfText(text))).toBe(false);
  expect(isRead(bytesOfText(`{"__proto__":${JSON.stringify({ format: 1, ...manifest })}}`))).toBe(
    false,
  );
  expect(Object.keys(Object.prototype)).toEqual([]);
});

function names(count: number): string {
  return Array.from({ length: count }, (_, index) => `"name-${index}":1,`).join("");
}

function bytesOfText(content: string): Uint8Array {
  return encodeUtf8(JSON.stringify({ checksum: checksumOf(encodeUtf8(content)), content }));
}
