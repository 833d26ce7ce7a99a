import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import { string } from "@millrace/serde";
import {
  hopping,
  StreamRecord,
  StreamsBuilder,
  Topology,
  type TimestampExtractor,
} from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import { describe, expect, test } from "vitest";

const text = { key: string(), value: string() };

function driverOf(timestamp: unknown): TopologyTestDriver {
  const builder = new StreamsBuilder();
  builder.stream("in", { ...text, timestampExtractor: () => timestamp as number }).to("out");
  return new TopologyTestDriver(builder.build());
}

test("a time may stand in the record's headers, in streams, tables and global tables", async () => {
  const timestampExtractor: TimestampExtractor = ({ headers, timestamp }) => {
    const [, time] = headers.find(([name]) => name === "ce_time") ?? [];
    return time === undefined || time === null ? timestamp : Date.parse(decodeUtf8(time));
  };
  const builder = new StreamsBuilder();
  builder.stream("in", { ...text, timestampExtractor }).to("out");
  builder.table("rows", { ...text, timestampExtractor, store: "rows" });
  builder.globalTable("all", { ...text, timestampExtractor, store: "all" });
  await using driver = new TopologyTestDriver(builder.build());
  const time = "2024-10-27T02:30:00.500+01:00";
  const headers = [["ce_time", encodeUtf8(time)]] as const;
  for (const topic of ["in", "rows", "all"])
    driver.input(topic, text).pipe("k", "v", { timestamp: 5, headers });
  driver.input("in", text).pipe("k", "v", { timestamp: 6 });
  const timestamp = Date.parse(time);
  expect(driver.output("out", text).readAll()).toMatchObject([{ timestamp }, { timestamp: 6 }]);
  for (const store of ["rows", "all"])
    expect(driver.store(store).get("k")).toEqual({ value: "v", timestamp });
});

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

describe("DSL-4: a record that a processor forwards", () => {
  const times = [NaN, Infinity, 1.5, 2 ** 53, undefined, null, "5", 5n];
  const record = (timestamp: unknown) => new StreamRecord("k", "v", timestamp as number);
  const refused = expect.objectContaining({
    code: "PROCESSING_FAILED",
    cause: expect.objectContaining({ code: "CALLBACK_GAVE_NO_TIMESTAMP" }),
  });

  test.each(times)(
    "of time %s, which is none in whole milliseconds, is told by name",
    async (time) => {
      const builder = new StreamsBuilder();
      builder
        .stream("in", text)
        .process({ output: text, process: (_record, { forward }) => forward(record(time)) })
        .groupByKey()
        .windowedBy(hopping("3ms", { advance: "1ms" }))
        .count();
      await using driver = new TopologyTestDriver(builder.build());
      expect(() => driver.input("in", text).pipe("k", "v")).toThrow(refused);
    },
  );

  test.each(times)(
    "of time %s is told by name where the topology is made by hand",
    async (time) => {
      const topology = new Topology()
        .addSource("source", "in", text)
        .addProcessor(
          "processor",
          () => ({
            init(context) {
              this.process = () => context.forward(record(time));
            },
            process() {},
          }),
          { parents: "source" },
        )
        .addSink("sink", "out", { ...text, parents: "processor" });
      await using driver = new TopologyTestDriver(topology);
      expect(() => driver.input("in", text).pipe("k", "v")).toThrow(refused);
    },
  );
});
