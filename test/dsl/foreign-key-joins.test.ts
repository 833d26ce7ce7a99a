import { json, string, StreamsBuilder } from "millrace";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

const text = { key: string(), value: string() };

test("a table whose serde is lost is refused, with where to give it", () => {
  const builder = new StreamsBuilder();
  const lengths = builder.table("people", text).mapValues(({ length }) => length);
  const join = () =>
    builder
      .table("orders", text)
      // The types refuse it: JavaScript is told when the topology is built.
      .join(lengths as never, (order, length) => `${order} ${length}`, {
        foreignKey: (order) => order,
      });
  expect(join).toThrow(
    /join by foreign key needs .* \{ value: json\(schema\) \}, or the like, to the operator above/,
  );
});

test("a row that leaves its foreign key looks that one up a last time, as in Kafka", async () => {
  const builder = new StreamsBuilder();
  const lookedUp: string[] = [];
  const lookUp = (name: string, key: string): string => {
    lookedUp.push(key);
    return name;
  };
  const people = builder.table("people", text).mapValues(lookUp, { value: string() });
  builder
    .table("orders", text)
    .join(people, (order, name) => `${order} ${name}`, {
      foreignKey: (order) => order,
    })
    .toStream()
    .to("out", { value: string() });
  const driver = new TopologyTestDriver(builder.build());
  driver.input("people", text).pipe("ada", "Ada");
  driver.input("orders", text).pipe("1", "ada");
  lookedUp.length = 0;
  driver.input("orders", text).pipe("1", "bob");
  expect(lookedUp).toEqual(["ada"]);
  await driver.close();
});

const isThere = (): boolean => true;

test.each([
  ["kept as it is", false, undefined],
  ["without a cache", false, 0],
  ["filtered", true, undefined],
  ["filtered, without a cache", true, 0],
])(
  "a row of a table that is %s joins, however its JSON was written",
  async (_, isFiltered, cacheBytesMax) => {
    const builder = new StreamsBuilder();
    const source = builder.table("orders", { key: string(), value: json<{ by: string }>() });
    const orders = isFiltered ? source.filter(isThere) : source;
    orders
      .join(builder.table("people", text), ({ by }, name) => `${by} ${name}`, {
        foreignKey: ({ by }) => by,
      })
      .toStream()
      .to("out", { value: string() });
    const driver = new TopologyTestDriver(
      builder.build(),
      cacheBytesMax === undefined ? {} : { cacheBytesMax },
    );
    driver.input("people", text).pipe("ada", "Ada");
    driver.input("orders", text).pipe("1", '{ "by": "ada" }');
    expect(driver.output("out", text).readValues()).toEqual(["ada Ada"]);
    await driver.close();
  },
);

test.each([
  ["with a cache", undefined],
  ["without one", 0],
])(
  "a right row lies as it came, and an answer takes it so: it is read once, and not written, %s",
  async (_, cacheBytesMax) => {
    const calls = { read: 0, written: 0 };
    const inner = json<{ name: string }>();
    const counting: typeof inner = {
      ...inner,
      name: "counting",
      isLossless: true,
      serialize: (value, topic, place) => {
        calls.written++;
        return inner.serialize(value, topic, place);
      },
      deserialize: (bytes, topic, place) => {
        calls.read++;
        return inner.deserialize(bytes, topic, place);
      },
    };
    const builder = new StreamsBuilder();
    const people = builder.table("people", { key: string(), value: counting, store: "people" });
    builder
      .table("orders", text)
      .join(people, (order, { name }) => `${order} ${name}`, { foreignKey: (order) => order })
      .toStream()
      .to("out", { value: string() });
    const driver = new TopologyTestDriver(
      builder.build(),
      cacheBytesMax === undefined ? {} : { cacheBytesMax },
    );
    driver.input("people", { key: string(), value: inner }).pipe("ada", { name: "Ada" });
    calls.read = calls.written = 0;
    driver.input("orders", text).pipe("1", "ada");
    // By the other side, and by the driver, which tells of each record.
    expect(calls).toEqual({ read: 2, written: 0 });
    driver.input("orders", text).pipe("2", "ada");
    calls.written = 0;
    driver.input("people", { key: string(), value: inner }).pipe("ada", { name: "Lady Ada" });
    expect(calls.written).toBe(0);
    expect(driver.output("out", text).readValues()).toEqual([
      "ada Ada",
      "ada Ada",
      "ada Lady Ada",
      "ada Lady Ada",
    ]);
    await driver.close();
  },
);
