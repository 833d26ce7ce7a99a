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

test.each([0, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 1_700_000_000_001, 2 ** 53 - 1, -1, -(2 ** 40)])(
  "the time %d is read as it was written, wherever the bytes lie",
  (time) => {
    const whole = new Uint8Array(40).fill(0xff);
    const view = new DataView(whole.buffer);
    whole[3] = 0x61;
    view.setBigInt64(4, BigInt(time));
    view.setBigInt64(12, BigInt(time));
    const session = windowed(string(), "session").deserialize(whole.subarray(3, 20), "t");
    expect(session).toEqual({ key: "a", window: { start: time, end: time } });
    const window = windowed(string(), { size: "1ms" }).deserialize(whole.subarray(3, 12), "t");
    expect(window).toEqual({ key: "a", window: { start: time, end: time + 1 } });
  },
);

test("a counted key is written with its index, and goes to its own key's partition", () => {
  const serde = counted(string());
  const bytes = serde.serialize({ key: "a", index: 258 }, "t");
  expect([...bytes]).toEqual([0x61, 0, 0, 0, 0, 0, 0, 1, 2]);
  expect(serde.deserialize(bytes, "t")).toEqual({ key: "a", index: 258 });
  expect([...(serde.partitionedBy?.(bytes) ?? [])]).toEqual([0x61]);
  expect(() => serde.deserialize(bytes.subarray(0, 7), "t")).toThrow("too few");
});
