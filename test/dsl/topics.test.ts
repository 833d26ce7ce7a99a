import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import { int64AsNumber, json, string } from "@millrace/serde";
import { keyValueStore } from "@millrace/state";
import { StreamsBuilder, Topic, topic, type KStream } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import { describe, expect, test } from "vitest";

const lines = topic("lines", { key: string(), value: string() });
const lengths = topic("lengths", { key: string(), value: int64AsNumber() });
const labels = topic("labels", { key: string(), value: string() });

test("a topic is chosen by the record's headers, as by all else that is known of it", async () => {
  const builder = new StreamsBuilder();
  builder.stream(lines).to((_line, key, { headers, timestamp, metadata }) => {
    const [, region] = headers.find(([name]) => name === "region") ?? [];
    const suffix =
      region === undefined || region === null
        ? `${timestamp}-${metadata?.topic}`
        : decodeUtf8(region);
    return `${key}-${suffix}`;
  });
  await using driver = new TopologyTestDriver(builder.build());
  const input = driver.input(lines);
  input.pipe("a", "1", { timestamp: 5, headers: [["region", encodeUtf8("eu")]] });
  input.pipe("a", "2", { timestamp: 7 });
  const written = (name: string) =>
    driver.output(name, { key: string(), value: string() }).readValues();
  expect([written("a-eu"), written("a-7-lines")]).toEqual([["1"], ["2"]]);
});

describe("a topic's handle", () => {
  test("brings its serdes to sources, sinks, tables and tests", async () => {
    const builder = new StreamsBuilder();
    const names = builder.globalTable(labels, { store: "labels" });
    builder
      .stream(lines)
      .leftJoin(names, (line, label) => line.length + (label ?? "").length)
      .to(lengths);
    builder.table(topic("rows", { key: string(), value: int64AsNumber() }), { store: "rows" });
    await using driver = new TopologyTestDriver(builder.build());
    driver.input(labels).pipe("a", "xy");
    driver.input(lines, { startMs: 7 }).pipe("a", "abc");
    expect(driver.output(lengths).readAll()).toMatchObject([{ key: "a", value: 5, timestamp: 7 }]);
    driver.input("rows", { key: string(), value: int64AsNumber() }).pipe("r", 3);
    expect(driver.store("rows").get("r")).toEqual({ value: 3, timestamp: 0 });
  });

  test("several of one kind are one stream; a serde that is given goes before the handle's", async () => {
    const old = topic("old-lines", { key: string(), value: string() });
    const builder = new StreamsBuilder();
    builder.stream([lines, old], { key: json<string>() }).to(lengths.name, { value: string() });
    await using driver = new TopologyTestDriver(builder.build());
    driver.input("old-lines", { key: json<string>(), value: string() }).pipe("k", "v");
    const out = driver.output(lengths.name, { key: json<string>(), value: string() });
    expect(out.readPairs()).toEqual([["k", "v"]]);
    expect(() => new StreamsBuilder().stream([lines, lengths] as never)).toThrow(
      /topics lines and lengths have other serdes.*topics\.test\.ts:\d+/,
    );
  });

  test("feeds a global store", async () => {
    const store = keyValueStore({ name: "kept", key: string(), value: string() });
    const builder = new StreamsBuilder();
    builder.addGlobalStore(store, labels, {
      process: (record, { store: kept }) => kept.put(record.key, record.value),
    });
    builder.stream(lines).to("out");
    await using driver = new TopologyTestDriver(builder.build());
    driver.input(labels).pipe("a", "lamp");
    expect(driver.store(store).get("a")).toBe("lamp");
  });

  test("is frozen, and refuses what is no name and no serde", () => {
    expect(lines).toBeInstanceOf(Topic);
    expect(Object.isFrozen(lines)).toBe(true);
    expect(() => topic("", { key: string(), value: string() })).toThrow(/give a topic's name/);
    expect(() => topic("a", { key: string() } as never)).toThrow(/value/);
    expect(() => topic("a", { ...lines, values: string() } as never)).toThrow(/name|values/);
    const source: KStream<string, string> = new StreamsBuilder().stream(lines);
    expect(() => source.to(lengths as never, 7 as never)).toThrow(/to/);
  });
});
