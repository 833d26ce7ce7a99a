import { string } from "@millrace/serde";
import { StreamsBuilder } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import { describe, expect, test } from "vitest";

import { Preparations } from "../integration/world/preparations.ts";
import { operatorPrograms } from "./operator-programs.ts";

describe("prepare tells a serde of all that it will be used for:", () => {
  test.each(Object.entries(operatorPrograms))("%s", async (_name, write) => {
    const preparations = new Preparations();
    const builder = new StreamsBuilder();
    const serdes = { key: preparations.serde(), value: preparations.serde() };
    write({ builder, named: (name) => name, ...serdes });
    const topology = builder.build();
    await using driver = new TopologyTestDriver(topology);
    await driver.prepare();
    const topics = topology.describe().includes("other") ? ["in", "other"] : ["in"];
    const inputs = topics.map((topic) => driver.input(topic, { key: string(), value: string() }));
    for (const [at, value] of ["a", "b", "b", "long", "a", "c"].entries()) {
      const other = value === "b" ? "c" : "b";
      for (const input of inputs) input.pipe(value, other, { timestamp: 4 * at });
      for (const input of inputs) input.pipe("a", value, { timestamp: 4 * at + 1 });
      await driver.settle();
    }
    expect(preparations.count).toBeGreaterThan(1);
    expect([...preparations.missed]).toEqual([]);
  });
});
