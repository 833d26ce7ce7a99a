import { string, StreamsBuilder } from "millrace";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

const text = { key: string(), value: string() };

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
