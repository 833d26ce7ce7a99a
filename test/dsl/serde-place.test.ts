import { decodeUtf8, encodeUtf8, type Headers } from "@millrace/model";
import { string, type Serde, type SerdePlace } from "@millrace/serde";
import { StreamsBuilder, type Topology } from "@millrace/streams";
import { TopologyTestDriver } from "@millrace/testing";
import { afterEach, describe, expect, test } from "vitest";

const seen: string[] = [];

/** A header says what the bytes are; where there can be none, they say it themselves. */
function headed(): Serde<string> {
  return {
    name: "headed",
    isNullable: false,
    usesPlace: true,
    serialize: (value, topic, place) => {
      note("write", topic, place);
      const text = place?.setHeader === undefined ? `plain ${value}` : value;
      place?.setHeader?.(`${place.part}-form`, encodeUtf8("headed"));
      return encodeUtf8(text);
    },
    deserialize: (bytes, topic, place) => {
      note("read", topic, place);
      const text = decodeUtf8(bytes);
      const form = place?.headers.findLast(([name]) => name === `${place.part}-form`);
      if (form !== undefined) return text;
      if (!text.startsWith("plain ")) throw new TypeError(`no header says what ${text} is`);
      return text.slice("plain ".length);
    },
  };
}

/** Without what the driver's explanation of its run reads. */
function inTheTask(): readonly string[] {
  return seen.filter((one) => !/^read .* of out$/.test(one));
}

function note(what: string, topic: string, place: SerdePlace | undefined): void {
  seen.push(`${what} ${place?.part ?? "?"} of ${topic}`);
}

const form = (part: string): Headers[number] => [`${part}-form`, encodeUtf8("headed")];
const plain = { key: string(), value: string() };
let driver: TopologyTestDriver;
afterEach(() => driver.close());

function run(topology: Topology, name = "in"): void {
  seen.length = 0;
  driver = new TopologyTestDriver(topology);
  driver.input(name, plain).pipe("k", "v", { headers: [form("key"), form("value")] });
}

describe("a serde whose bytes depend on their place", () => {
  test("is told part and headers at a source, and its headers go out at a sink", () => {
    const serde = headed();
    const builder = new StreamsBuilder();
    builder
      .stream("in", { key: serde, value: serde })
      .mapValues((value) => `${value}!`, { value: serde })
      .to("out");
    run(builder.build());
    expect(inTheTask()).toEqual([
      "read key of in",
      "read value of in",
      "write key of out",
      "write value of out",
    ]);
    const [{ key, value, headers }] = driver.output("out", plain).readAll();
    expect([key, value]).toEqual(["k", "v!"]);
    expect(headers).toEqual([form("key"), form("value")]);
  });

  test("writes anew what it read: the bytes are not passed on as they came", () => {
    const serde = headed();
    const builder = new StreamsBuilder();
    builder.stream("in", { key: string(), value: serde }).to("out");
    run(builder.build());
    expect(inTheTask()).toEqual(["read value of in", "write value of out"]);
  });

  test("reads by the headers that came, whatever the headers become", () => {
    const serde: Serde<string> = { ...headed(), isTotal: true };
    const builder = new StreamsBuilder();
    builder
      .stream("in", { key: string(), value: serde })
      .process({
        process: (record, context) => {
          context.forward(record.withHeaders([]));
        },
      })
      .to("out", { key: string(), value: serde });
    run(builder.build());
    expect(driver.output("out", plain).readValues()).toEqual(["v"]);
  });

  test("is told the part in stores, and reads back what it wrote there", () => {
    const serde = headed();
    const builder = new StreamsBuilder();
    builder
      .stream("in", { key: serde, value: serde })
      .groupByKey({ key: serde, value: serde })
      .reduce((all, one) => `${all}${one}`, { store: "all" })
      .toStream()
      .to("out", { key: serde, value: serde });
    run(builder.build());
    const headers = [form("key"), form("value")];
    driver.input("in", plain).pipe("k", "w", { headers });
    expect(driver.output("out", plain).readValues()).toEqual(["v", "vw"]);
    expect(
      seen.filter((one) => one.includes("changelog") && one.includes("write value")),
    ).not.toEqual([]);
  });

  test("is told by a store without a changelog what that would be called", () => {
    const serde = headed();
    const builder = new StreamsBuilder();
    builder.table("in", {
      key: serde,
      value: serde,
      store: { name: "kept", logging: false, caching: false },
    });
    run(builder.build());
    expect(seen).toContain("write value of test-kept-changelog");
  });

  test("in repartition topics of a table: both values of a change are read back", () => {
    const serde = headed();
    const builder = new StreamsBuilder();
    builder
      .table("in", { key: serde, value: serde })
      .groupBy((value) => ({ key: "one", value }), { key: serde, value: serde })
      .reduce(
        { adder: (all, one) => `${all}+${one}`, subtractor: (all, one) => `${all}-${one}` },
        { store: "all" },
      )
      .toStream()
      .to("out", { key: serde, value: serde });
    run(builder.build());
    driver.input("in", plain).pipe("k", "w", { headers: [form("key"), form("value")] });
    expect(driver.output("out", plain).readValues()).toEqual(["v", "v-v+w"]);
  });
});
