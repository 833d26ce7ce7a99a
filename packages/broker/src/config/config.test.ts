import { silentLogger } from "@millrace/platform";
import { describe, expect, test } from "vitest";
import { BrokerConfig } from "./broker-config.ts";
import { canonicalConfigValue, checkConfigValue } from "./config-definition.ts";
import { ConfigError } from "./config-error.ts";
import { parsePropertiesFile } from "./properties-file.ts";
import {
  checkTopicProperties,
  logConfigOf,
  topicConfigDefinitions,
  topicConfigEntries,
} from "./topic-config.ts";

function broker(
  properties: Readonly<Record<string, string | number | boolean>> = {},
): BrokerConfig {
  return BrokerConfig.parse(properties, silentLogger);
}

describe("the broker's properties", () => {
  test("take Kafka's defaults and Kafka's bounds", () => {
    expect(broker().number("num.partitions")).toBe(1);
    expect(broker({ "num.partitions": 4 }).number("num.partitions")).toBe(4);
    expect(() => broker({ "num.partitions": 0 })).toThrow(ConfigError);
    expect(() => broker({ "auto.create.topics.enable": "yes" })).toThrow(/true or false/);
    expect(() => broker({ "compression.type": "rar" })).toThrow(/gzip/);
  });

  test("BROKER-1: are asked for by a name that Kafka knows, and have a value where a number is asked for", () => {
    expect(broker().text("advertised.listeners")).toBeNull();
    for (const name of ["advertised.listeners", "no.such.property"])
      expect(() => broker().number(name)).toThrow(expect.objectContaining({ law: "BROKER-1" }));
  });

  test("one without meaning here is told once; one that Kafka does not know is an error", () => {
    const told: unknown[] = [];
    const logger = {
      isEnabled: () => true,
      log: (_level: string, event: string, fields?: object) => told.push([event, fields]),
    };
    BrokerConfig.parse({ "num.network.threads": 9 }, logger);
    expect(told).toEqual([["broker.config-ignored", { property: "num.network.threads" }]]);
    expect(() => broker({ "num.networks": 9 })).toThrow(/num\.networks/);
  });

  test("one for a listener whose name is not in small letters is told: nothing asks for it", () => {
    const told: unknown[] = [];
    const logger = { isEnabled: () => true, log: (...line: unknown[]) => void told.push(line) };
    const ignored = "listener.name.CLIENTS.ssl.client.auth";
    const listeners = "CLIENTS://:9092";
    const own = "listener.name.clients.ssl.client.auth";
    const properties = { listeners, [ignored]: "required", [own]: "none" };
    const config = BrokerConfig.parse(properties, logger);
    const reason = expect.any(String);
    expect(told.slice(0, 1)).toEqual([
      ["warn", "broker.config-ignored", { property: ignored, reason }],
    ]);
    expect(config.textFor("CLIENTS", "ssl.client.auth")).toBe("none");
  });

  test("one for a listener that is not there is told, with those that are", () => {
    const told: unknown[] = [];
    const logger = { isEnabled: () => true, log: (...line: unknown[]) => void told.push(line) };
    const property = "listener.name.clinets.ssl.client.auth";
    const listeners = "CLIENTS://:9092,INSIDE.A://:9093";
    BrokerConfig.parse({ listeners, [property]: "required" }, logger);
    const reason = "there is no such listener; there are clients, inside.a";
    expect(told).toEqual([["warn", "broker.config-ignored", { property, reason }]]);
  });

  test("names of listeners may have dots", () => {
    const told: unknown[] = [];
    const logger = { isEnabled: () => true, log: (...line: unknown[]) => void told.push(line) };
    const listeners = "INSIDE://:9092,INSIDE.A://:9093";
    const jaas = "listener.name.inside.a.plain.sasl.jaas.config";
    const properties = { listeners, [jaas]: "x required;" };
    const config = BrokerConfig.parse(properties, logger);
    expect(told).toEqual([]);
    expect(config.textFor("INSIDE.A", "sasl.jaas.config", "PLAIN")).toBe("x required;");
    expect(config.textFor("INSIDE", "sasl.jaas.config", "PLAIN")).toBeNull();
  });

  test("the finest unit of retention wins, and less than zero is for ever", () => {
    expect(broker().milliseconds("log.retention")).toBe(604_800_000);
    expect(broker({ "log.retention.minutes": 2 }).milliseconds("log.retention")).toBe(120_000);
    expect(
      broker({ "log.retention.minutes": 2, "log.retention.ms": 5 }).milliseconds("log.retention"),
    ).toBe(5);
    expect(broker({ "log.retention.hours": -1 }).milliseconds("log.retention")).toBe(-1);
  });

  test("files are read as Java reads them", () => {
    const text = "# note\n! note\na.b=1\nc = two words \nd: 3\nlong=x,\\\n   y\n\n";
    expect({ ...parsePropertiesFile(text) }).toEqual({
      "a.b": "1",
      c: "two words",
      d: "3",
      long: "x,y",
    });
    expect(() => parsePropertiesFile("novalue")).toThrow(ConfigError);
  });

  test.each([
    ["a backslash takes what follows", String.raw`a\:b\ c=C:\\keys\=\1`, { "a:b c": "C:\\keys=1" }],
    ["or stands for what cannot be written", String.raw`a=1\n2\t3\u00e9`, { a: "1\n2\t3é" }],
    ["one that is escaped goes on in no line", "a=1\\\\\nb=2", { a: "1\\", b: "2" }],
    ["a comment goes on in no line", "# C:\\\na=1", { a: "1" }],
    ["a line that goes on may begin as a comment does", "a=1,\\\n  #2\n!b=3", { a: "1,#2" }],
    ["an empty line ends one that goes on", "a=1\\\n\nb=2", { a: "1", b: "2" }],
    ["separators may be missing", "a 1\nb : 2\nc=", { a: "1", b: "2", c: "" }],
  ])("are read from a file as Java reads them: %s", (_, text, properties) => {
    expect({ ...parsePropertiesFile(text) }).toEqual(properties);
  });

  test("a character that is not written with four digits is refused", () => {
    expect(() => parsePropertiesFile(String.raw`a=\u12`)).toThrow(ConfigError);
  });
});

describe("values as they are told", () => {
  const told = (name: string, value: string) => {
    const definition = topicConfigDefinitions.get(name);
    if (definition === undefined) throw new Error(`there is no ${name}`);
    checkConfigValue(definition, value);
    return canonicalConfigValue(definition, value);
  };

  test("are those that Kafka has parsed: no blanks, no signs, no repetitions", () => {
    expect(told("retention.ms", " +5000 ")).toBe("5000");
    expect(told("retention.ms", "9223372036854775807")).toBe("9223372036854775807");
    expect(told("cleanup.policy", "compact, delete ,compact")).toBe("compact,delete");
    expect(told("unclean.leader.election.enable", " TRUE")).toBe("true");
    expect(told("min.cleanable.dirty.ratio", ".5")).toBe("0.5");
    expect(told("min.cleanable.dirty.ratio", "1")).toBe("1.0");
  });

  test("a number beyond its type is refused to the last digit", () => {
    expect(() => told("retention.ms", "9223372036854775808")).toThrow(ConfigError);
    expect(() => told("segment.bytes", "2147483648")).toThrow(ConfigError);
  });
});

describe("a topic's properties", () => {
  test.each([
    ["no.such.config", "1"],
    ["retention.ms", "soon"],
    ["retention.ms", "-2"],
    ["segment.bytes", "1"],
    ["cleanup.policy", "shred"],
    ["compression.gzip.level", "99"],
    ["leader.replication.throttled.replicas", "x"],
    ["remote.storage.enable", "true"],
  ])("%s=%s is refused", (name, value) => {
    expect(() => checkTopicProperties(new Map([[name, value]]))).toThrow(ConfigError);
  });

  test("reach the log, over the broker's, over the defaults", () => {
    const config = broker({ "log.segment.bytes": 5_000_000, "log.roll.hours": 1 });
    const properties = new Map([
      ["cleanup.policy", "compact,delete"],
      ["max.message.bytes", " 2000 "],
    ]);
    expect(logConfigOf(properties, config)).toMatchObject({
      isCompacted: true,
      maxMessageBytes: 2000,
      segmentBytes: 5_000_000,
      segmentMs: 3_600_000,
      messageTimestampType: "CreateTime",
      messageTimestampBeforeMaxMs: Number.POSITIVE_INFINITY,
    });
  });

  test("say where a value comes from, nearest first", () => {
    const definition = topicConfigDefinitions.get("segment.bytes");
    if (definition === undefined) throw new Error("segment.bytes is not defined");
    const entries = topicConfigEntries(
      definition,
      new Map([["segment.bytes", "2000000"]]),
      broker({ "log.segment.bytes": 3_000_000 }),
    );
    expect(entries.map(({ value, source }) => [value, source])).toEqual([
      ["2000000", 1],
      ["3000000", 4],
      ["1073741824", 5],
    ]);
  });
});
