import { expect, test } from "vitest";
import { RequestMemory } from "./request-memory.ts";

const large = 100_000;

function receiver(name: string, woken: string[]) {
  return { name, receiveOn: () => void woken.push(name) };
}

test("where it is full one large request goes on at a time, and small ones always", () => {
  const woken: string[] = [];
  let fullCount = 0;
  const memory = new RequestMemory(1_000_000, () => fullCount++);
  const [a, b, c] = ["a", "b", "c"].map((name) => receiver(name, woken));
  memory.add(999_999);
  for (const one of [a, b, c]) expect(memory.mayReceive(one, large)).toBe(true);
  expect(fullCount).toBe(0);
  memory.add(1);
  expect(fullCount).toBe(1);
  expect([a, b, c].map((one) => memory.mayReceive(one, large))).toEqual([true, false, false]);
  expect(memory.mayReceive(receiver("small", woken), 1000)).toBe(true);
  expect(memory.mayReceive(a, 0)).toBe(true); // it is received
  expect(woken).toEqual(["b"]);
  expect(memory.mayReceive(b, large)).toBe(true);
  memory.forget(b); // closed
  expect(woken).toEqual(["b", "c"]);
});

test("once there is room again all go on", () => {
  const woken: string[] = [];
  const memory = new RequestMemory(10, () => {});
  const all = ["a", "b", "c"].map((name) => receiver(name, woken));
  memory.add(10);
  for (const one of all) memory.mayReceive(one, large);
  memory.add(-1);
  expect(woken).toEqual(["b", "c"]);
  expect(memory.bytes).toBe(9);
});
