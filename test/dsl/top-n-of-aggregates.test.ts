import {
  int64AsNumber,
  list,
  sliding,
  StreamsBuilder,
  string,
  tumbling,
  type KGroupedStream,
  type KTable,
} from "millrace";
import { TopologyTestDriver } from "@millrace/testing";
import { describe, expect, test } from "vitest";

const numbers = { key: string(), value: int64AsNumber() };
type Input = KGroupedStream<string, number>;
type Sums = KTable<unknown, number>;

const init = (): number => 0;
const add = (sum: number, n: number): number => sum + n;
const kept = { value: int64AsNumber(), store: { name: "sums", caching: false } };

const sums: Record<string, (input: Input, builder: StreamsBuilder) => Sums> = {
  keys: (input) => input.aggregate(init, add, kept),
  windows: (input) => input.windowedBy(tumbling(10)).aggregate(init, add, kept),
  "sliding windows": (input) => input.windowedBy(sliding(10)).aggregate(init, add, kept),
  cogroups: (input) =>
    input.cogroup(add, { value: int64AsNumber() }).aggregate(init, { store: kept.store }),
  "keys, mapped": (input) => input.aggregate(init, add, kept).mapValues((sum) => sum),
  "keys, joined": (input, builder) =>
    input
      .aggregate(init, add, kept)
      .leftJoin(builder.table("none", numbers), (sum: number) => sum, { value: int64AsNumber() }),
};

function topOf(make: (input: Input, builder: StreamsBuilder) => Sums): TopologyTestDriver {
  const builder = new StreamsBuilder();
  make(builder.stream("in", numbers).groupByKey(), builder)
    .groupBy((sum) => ({ key: "all", value: sum }), numbers)
    .topN(5, (sum) => sum, { store: "top" })
    .toStream()
    .to("out");
  return new TopologyTestDriver(builder.build());
}

function lastOf(driver: TopologyTestDriver): readonly number[] | null | undefined {
  const out = driver.output("out", { key: string(), value: list(int64AsNumber()) });
  return out.readValues().at(-1);
}

describe.each(Object.entries(sums))(
  "the greatest of aggregates of %s without a cache",
  (_of, make) => {
    test("lose no row to one that is new", async () => {
      await using driver = topOf(make);
      const input = driver.input("in", numbers);
      for (const [key, n] of [
        ["a", 0],
        ["b", 0],
        ["c", 3],
      ] as const)
        input.pipe(key, n, { timestamp: 100 });
      expect(lastOf(driver), driver.explain()).toEqual([3, 0, 0]);
      expect(driver.droppedRecords, driver.explain()).toBe(0);
    });
  },
);

test("of sliding windows no row is lost to a window that has the records of another", async () => {
  await using driver = topOf(sums["sliding windows"]);
  const input = driver.input("in", numbers);
  input.pipe("a", 1, { timestamp: 100 });
  input.pipe("a", 1, { timestamp: 105 });
  expect(lastOf(driver), driver.explain()).toEqual([2, 1, 1]);
  expect(driver.droppedRecords, driver.explain()).toBe(0);
});
