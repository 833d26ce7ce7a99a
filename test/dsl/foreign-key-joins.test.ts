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
