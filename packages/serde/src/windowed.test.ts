import { expect, test } from "vitest";

import { counted } from "./counted.ts";
import { optional } from "./optional.ts";
import { string } from "./string.ts";
import { windowed } from "./windowed.ts";

const key = { key: "a", window: { start: 10, end: 20 } };

test("a key in a window is written with the window's start, as Kafka does", () => {
  const serde = windowed(string(), { size: "10ms" });
  const bytes = serde.serialize(key, "t");
  expect([...bytes]).toEqual([0x61, 0, 0, 0, 0, 0, 0, 0, 10]);
  expect(serde.deserialize(bytes, "t")).toEqual(key);
  expect([...(serde.partitionedBy?.(bytes) ?? [])]).toEqual([0x61]);
});

test("windows of several sizes say where a window ends", () => {
  const serde = windowed(string(), { endOf: (start) => start * 3 });
  const bytes = serde.serialize({ key: "a", window: { start: 10, end: 30 } }, "t");
  expect([...bytes]).toEqual([0x61, 0, 0, 0, 0, 0, 0, 0, 10]);
  expect(serde.deserialize(bytes, "t").window).toEqual({ start: 10, end: 30 });
});

test("a key in a session is written with its end and its start", () => {
  const serde = windowed(string(), "session");
  const bytes = serde.serialize(key, "t");
  expect([...bytes]).toEqual([0x61, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 10]);
  expect(serde.deserialize(bytes, "t")).toEqual(key);
  expect([...(serde.partitionedBy?.(bytes) ?? [])]).toEqual([0x61]);
});

test("a key in a window goes to its own key's partition where it may be null too", () => {
  for (const form of ["session", { size: "10ms" }] as const) {
    const serde = optional(windowed(string(), form));
    expect([...(serde.partitionedBy?.(serde.serialize(key, "t")) ?? [])]).toEqual([0x61]);
  }
  expect(optional(string()).partitionedBy).toBeUndefined();
});

test("a window that would end after all time ends with it", () => {
  const serde = windowed(string(), { size: 2 ** 63 });
  const bytes = serde.serialize(
    { key: "a", window: { start: 1_700_000_000_000, end: 2 ** 63 } },
    "t",
  );
  expect(serde.deserialize(bytes, "t").window).toEqual({ start: 1_700_000_000_000, end: 2 ** 63 });
});

test("a counted key is written with its index, and goes to its own key's partition", () => {
  const serde = counted(string());
  const bytes = serde.serialize({ key: "a", index: 258 }, "t");
  expect([...bytes]).toEqual([0x61, 0, 0, 0, 0, 0, 0, 1, 2]);
  expect(serde.deserialize(bytes, "t")).toEqual({ key: "a", index: 258 });
  expect([...(serde.partitionedBy?.(bytes) ?? [])]).toEqual([0x61]);
  expect(() => serde.deserialize(bytes.subarray(0, 7), "t")).toThrow("too few");
});
