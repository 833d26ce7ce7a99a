import { int64AsNumber, json, string, type Serde } from "@millrace/serde";
import { StreamsBuilder, type KGroupedStream, type KTable } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

interface Item {
  marks: string[];
}
interface Order {
  items: Item[];
}
interface Basket extends Order {
  last?: Order;
}

const serde: Serde<Basket> = json();
const text = string();

/** What a callback may do with what it was given, long after it gave its result. */
function spoil(value: Basket): void {
  for (const item of value.items) item.marks.push("spoiled");
  value.items.push({ marks: ["added"] });
  if (value.last !== undefined) spoil(value.last);
}

type Groups = KGroupedStream<string, Order>;

/** Folds that leave themselves, or others, a way to what they give. The items of a key are all that came. */
const folds: Readonly<Record<string, (groups: Groups) => KTable<string, Basket>>> = {
  "an aggregate that shares parts with its input": (groups) =>
    groups.aggregate(
      () => ({ items: [] }),
      (basket, order) => ({ items: [...basket.items, ...order.items], last: order }),
      { value: serde, store: "baskets" },
    ),
  "an aggregate that is changed and given back": (groups) =>
    groups.aggregate(
      () => ({ items: [] }),
      (basket, order) => {
        basket.items.push(...order.items);
        return basket;
      },
      { value: serde, store: "baskets" },
    ),
  "aggregates that a callback keeps, and changes later": (groups) => {
    const kept: Basket[] = [];
    return groups.aggregate(
      () => ({ items: [] }),
      (basket, order) => {
        const next = { items: [...basket.items, ...order.items] };
        for (const earlier of kept.splice(0)) spoil(earlier);
        kept.push(basket, next);
        return next;
      },
      { value: serde, store: "baskets" },
    );
  },
  "a reduced value that is its input": (groups) =>
    groups.reduce(
      (left, right) => {
        right.items.unshift(...left.items);
        return right;
      },
      { store: "baskets" },
    ),
};

function topologyOf(fold: (groups: Groups) => KTable<string, Basket>) {
  const builder = new StreamsBuilder();
  const orders = builder.stream("orders", { key: text, value: serde as Serde<Order> });
  const table = fold(orders.groupByKey());
  table.toStream().peek(spoil).foreach(spoil);
  orders.peek(spoil).foreach(spoil);
  return builder.build();
}

const cases = Object.keys(folds).flatMap((what) =>
  [0, 400, 10_000_000].map((cacheBytesMax) => ({ what, cacheBytesMax })),
);
const item = fc.record({ marks: fc.array(fc.constantFrom("x", "y"), { maxLength: 2 }) });
const orders = fc.array(
  fc.tuple(fc.constantFrom("a", "b", "c"), fc.array(item, { maxLength: 2 })),
  { maxLength: 12 },
);

describe("STATE-5: a stored value is the value at the time of the put, whoever changes what later", () => {
  test.each(cases)("$what, cache $cacheBytesMax", async ({ what, cacheBytesMax }) => {
    await fc.assert(
      fc.asyncProperty(orders, async (records) => {
        const topology = topologyOf(folds[what]);
        await using driver = new TopologyTestDriver(topology, {
          cacheBytesMax,
          applicationId: "a",
        });
        const input = driver.input("orders", { key: text, value: serde });
        const expected = new Map<string, Item[]>();
        for (const [key, items] of records) {
          expected.set(key, [...(expected.get(key) ?? []), ...items]);
          input.pipe(key, { items });
          for (const stored of valuesOf(driver).values()) spoil(stored);
        }
        const changelog = new Map<string, Item[]>();
        for (const { topic, key, value } of driver.takeProduced())
          if (topic === "a-baskets-changelog" && key !== null && value !== null)
            changelog.set(text.deserialize(key, ""), serde.deserialize(value, "").items);
        const held = new Map<string, Item[]>();
        for (const [key, { items }] of valuesOf(driver)) held.set(key, items);
        expect(held).toEqual(expected);
        expect(changelog).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });
});

/** All that the store has, read by a walk and by key. */
function valuesOf(driver: TopologyTestDriver): ReadonlyMap<string, Basket> {
  const store = driver.store({ storeName: "baskets" } as KTable<string, Basket>);
  const found = new Map<string, Basket>();
  for (const { key, value } of store.all()) {
    spoil(value.value);
    const read = store.get(key);
    if (read !== null) found.set(key, read.value);
  }
  return found;
}

test("what a cache forwards goes to a sink with the store's serde as it was stored", async () => {
  let writes = 0;
  const inner = json<{ sum: number }>();
  const counting: Serde<{ sum: number }> = {
    ...inner,
    serialize: (value, topic) => {
      writes++;
      return inner.serialize(value, topic);
    },
  };
  const builder = new StreamsBuilder();
  builder
    .stream("in", { key: string(), value: int64AsNumber() })
    .groupByKey()
    .aggregate(
      () => ({ sum: 0 }),
      ({ sum }, value) => ({ sum: sum + value }),
      { value: counting },
    )
    .toStream()
    .to("out", { value: counting });
  const driver = new TopologyTestDriver(builder.build());
  driver.input("in", { key: string(), value: int64AsNumber() }).pipe("a", 7);
  expect(writes).toBe(1);
  const out = driver.output("out", { key: string(), value: inner });
  expect(out.readPairs()).toEqual([["a", { sum: 7 }]]);
  await driver.close();
});
