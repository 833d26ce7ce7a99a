import { string, type SerdeUse } from "@millrace/serde";
import { StreamsBuilder } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import { afterEach, expect, test } from "vitest";

import { TestSchemas } from "../integration/world/fetching-serde.ts";

/** Serdes that must first fetch something, in a driver. */
const plain = { key: string(), value: string() };
let driver: TopologyTestDriver;
afterEach(() => driver.close());

function copying(schemas: TestSchemas, written = schemas): void {
  const builder = new StreamsBuilder();
  builder
    .stream("in", { key: string(), value: schemas.serde() })
    .mapValues((value) => value)
    .to("out", { value: written.serde() });
  driver = new TopologyTestDriver(builder.build());
}

test("prepare tells serdes of the topology, of inputs and of outputs what they are for", async () => {
  const schemas = new TestSchemas("a");
  const serde = schemas.serde();
  const builder = new StreamsBuilder();
  builder.stream("in", { key: string(), value: serde }).to("out", { value: serde });
  driver = new TopologyTestDriver(builder.build());
  driver.input("in", { key: string(), value: serde });
  driver.output("out", { key: serde, value: serde });
  await driver.prepare();
  expect(schemas.uses).toEqual([
    { topic: "in", part: "value", reads: true, writes: true },
    { topic: "out", part: "value", reads: true, writes: true },
    { topic: "out", part: "key", reads: true, writes: false },
  ] satisfies SerdeUse[]);
});

test("a record that cannot be read yet is run by settle, before those behind it", async () => {
  const schemas = new TestSchemas("a");
  copying(schemas);
  const input = driver.input("in", plain);
  input.pipe("k", "b1");
  input.pipe("k", "a2");
  const output = driver.output("out", plain);
  expect(output.readValues()).toEqual([]);
  expect(driver.explain()).toContain("await driver.settle()");
  const settled = driver.settle();
  schemas.publish("b");
  await settled;
  expect(output.readValues()).toEqual(["b1", "a2"]);
});

test("one of a global table, too", async () => {
  const schemas = new TestSchemas();
  const builder = new StreamsBuilder();
  const table = builder.globalTable("table", { key: string(), value: schemas.serde(), store: "t" });
  driver = new TopologyTestDriver(builder.build());
  driver.input("table", plain).pipe("k", "b");
  const settled = driver.settle();
  schemas.publish("b");
  await settled;
  expect(driver.store(table).get("k")?.value).toBe("b");
});

test("in the middle of a record a driver cannot wait, and says what to do", () => {
  copying(new TestSchemas("a", "b"), new TestSchemas("a"));
  expect(() => driver.input("in", plain).pipe("k", "b")).toThrow(
    expect.objectContaining({
      code: "SERDE_PENDING",
      message: expect.stringContaining("waits for schema b; await driver.prepare() before"),
    }),
  );
  expect(() => driver.input("in", plain).pipe("k", "a")).toThrow(/make a new one/);
});

test("an input and an output whose serdes must wait can be used again", async () => {
  copying(new TestSchemas("a", "b"));
  const schemas = new TestSchemas("a");
  const serdes = { key: string(), value: schemas.serde() };
  expect(() => driver.input("in", serdes).pipe("k", "b")).toThrow(/driver\.prepare/);
  driver.input("in", plain).pipe("k", "b");
  const output = driver.output("out", serdes);
  expect(() => output.readValue()).toThrow(/driver\.prepare/);
  schemas.publish("b");
  driver.input("in", serdes).pipe("k", "b");
  expect(output.readValues()).toEqual(["b", "b"]);
});
