import { expect, test } from "vitest";
import { MetricRegistry } from "./metric-registry.ts";
import { SeededRandom } from "./seeded-random.ts";
import { unsetHandler } from "./unset-handler.ts";

test("the same name and tags give the same counter, in whatever order the tags stand", () => {
  const metrics = new MetricRegistry();
  metrics.counter("records", { topic: "a", node: "1" }).add(2);
  metrics.counter("records", { node: "1", topic: "a" }).add(3);
  metrics.gauge("lag", () => 7);
  expect(metrics.counter("records", { topic: "b" }).value).toBe(0);
  expect(metrics.snapshot().map(({ name, value }) => [name, value])).toEqual([
    ["records", 5],
    ["lag", 7],
    ["records", 0],
  ]);
});

test("a gauge can be taken away, and leaves one alone that has taken its place", () => {
  const metrics = new MetricRegistry();
  const remove = metrics.gauge("ratio", () => 1, { task: "0_0" });
  const removeOther = metrics.gauge("ratio", () => 2, { task: "0_0" });
  remove();
  expect(metrics.snapshot().map(({ value }) => value)).toEqual([2]);
  removeOther();
  expect(metrics.snapshot()).toEqual([]);
});

test("a seed gives its numbers again; seeds that differ in their high half differ", () => {
  const draw = (seed: number) => {
    const random = new SeededRandom(seed);
    return [random.nextUint32(), random.below(1000), random.uuid(), random.fork().nextUint32()];
  };
  expect(draw(42)).toEqual(draw(42));
  expect(draw(42)).not.toEqual(draw(43));
  expect(draw(42)).not.toEqual(draw(42 + 2 ** 32));
});

test("PLATFORM-4: bytes that come before a connection has its handler are an error, a close is not", () => {
  expect(() => unsetHandler.data(new Uint8Array(1))).toThrow("PLATFORM-4");
  expect(() => unsetHandler.closed()).not.toThrow();
});

test("seeded numbers are spread evenly", () => {
  const random = new SeededRandom(7);
  const counts = Array.from({ length: 10 }, () => 0);
  for (let count = 0; count < 100_000; count++) counts[random.below(10)]++;
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});
