import { string } from "@millrace/serde";
import { StreamsBuilder } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import { describe, expect, test } from "vitest";

const text = { key: string(), value: string() };

function driverOf(timestamp: unknown): TopologyTestDriver {
  const builder = new StreamsBuilder();
  builder.stream("in", { ...text, timestampExtractor: () => timestamp as number }).to("out");
  return new TopologyTestDriver(builder.build());
}

describe("DSL-4: a timestamp extractor", () => {
  test.each([NaN, Infinity, -Infinity, 1.5, -1.5, 2 ** 53, undefined, null, "5", 5n, new Date(5)])(
    "that gives %s, which is no time in whole milliseconds, is told by name",
    async (timestamp) => {
      await using driver = driverOf(timestamp);
      expect(() => driver.input("in", text).pipe("k", "v")).toThrow(
        expect.objectContaining({
          code: "INVALID_TIMESTAMP",
          topic: "in",
          offset: 0,
          cause: expect.objectContaining({ operator: "timestampExtractor" }),
        }),
      );
    },
  );

  test("that gives a negative time drops the record and counts it, as in Kafka", async () => {
    await using driver = driverOf(-1);
    driver.input("in", text).pipe("k", "v");
    expect(driver.output("out", text).readAll()).toEqual([]);
    expect(driver.droppedRecords).toBe(1);
  });

  test.each([0, -0, 1_700_000_000_000, 2 ** 53 - 1])("may give %d", async (timestamp) => {
    await using driver = driverOf(timestamp);
    driver.input("in", text).pipe("k", "v", { timestamp: 9 });
    expect(driver.output("out", text).readAll()).toMatchObject([{ timestamp: timestamp + 0 }]);
  });
});
