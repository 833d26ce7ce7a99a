import { expect, test } from "vitest";
import { ReadMemory } from "./read-memory.ts";

const mebibyte = 1024 * 1024;

test("what was given back is lent again", () => {
  const memory = new ReadMemory();
  const first = memory.take(mebibyte);
  memory.giveBack([first.subarray(10, 20), first.subarray(30, 40)]);
  expect(memory.freeBytes).toBe(mebibyte);
  const second = memory.take(mebibyte - 5);
  expect(second.buffer).toBe(first.buffer);
  expect(second.length).toBe(mebibyte - 5);
  expect(memory.freeBytes).toBe(0);
});

test("what is lent is lent to one reader alone", () => {
  const memory = new ReadMemory();
  const first = memory.take(mebibyte);
  memory.giveBack([first]);
  memory.giveBack([first]);
  expect(memory.take(mebibyte).buffer).not.toBe(memory.take(mebibyte).buffer);
});

test("what it has not lent stays where it is", () => {
  const memory = new ReadMemory();
  memory.giveBack([new Uint8Array(mebibyte), memory.take(100)]);
  expect(memory.freeBytes).toBe(0);
});

test("a small read does not hold a large piece", () => {
  const memory = new ReadMemory();
  memory.giveBack([memory.take(4 * mebibyte)]);
  expect(memory.take(mebibyte).buffer.byteLength).toBe(mebibyte);
  expect(memory.freeBytes).toBe(4 * mebibyte);
});

test("no more is kept than its bound", () => {
  const memory = new ReadMemory(2 * mebibyte);
  const taken = Array.from({ length: 5 }, () => memory.take(mebibyte));
  memory.giveBack(taken);
  expect(memory.freeBytes).toBe(2 * mebibyte);
});
