import { MemorySchemaRegistry } from "@millrace/schema-registry";
import { avro, avroFormat } from "@millrace/serde-avro";
import { string } from "@millrace/serde";
import { TopologyTestDriver } from "@millrace/testing";
import { expect, test } from "vitest";

import { firstReadingSchema } from "../../examples/avro/src/schemas.ts";
import { billTopology, topicsOf } from "../../examples/avro/src/topology.ts";
import { runExample } from "./run-example.ts";

test("readings of both versions are billed, those of the first as homes", async () => {
  const registry = new MemorySchemaRegistry({ formats: [avroFormat] });
  await using driver = new TopologyTestDriver(billTopology(registry));
  const { readings, bills } = topicsOf(registry);
  const old = { key: string(), value: avro(firstReadingSchema, { registry }) };
  driver.input("readings", old).pipe("m-1", { meter: "m-1", at: 0, kwh: 10 });
  const input = driver.input(readings);
  input.pipe("m-1", { meter: "m-1", at: 1, kwh: 2.5, kind: "SHOP" });
  input.pipe("m-2", { meter: "m-2", at: 2, kwh: 1, kind: "SHOP" });
  expect(
    driver
      .output(bills)
      .readAll()
      .map(({ value }) => value),
  ).toEqual([
    { meter: "m-1", readings: 1, euros: "3.10" },
    { meter: "m-1", readings: 2, euros: "3.70" },
    { meter: "m-2", readings: 1, euros: "0.24" },
  ]);
  expect(registry.latestVersion("readings-value").version).toBe(2);
});

test("the example runs", async () => {
  const [first, second, refused, ...more] = await runExample("avro");
  expect([first, second]).toEqual(["bill of m-1: 3.10 euros", "bill of m-2: 0.60 euros"]);
  expect(refused).toContain("bills-value");
  expect(refused).toContain("due");
  expect(more).toEqual([]);
}, 60_000);
