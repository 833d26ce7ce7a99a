import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { int64AsNumber, string } from "@millrace/serde";
import {
  keyValueStore,
  sessionStore,
  StreamsBuilder,
  StreamRecord,
  session,
  Topology,
  tumbling,
  versionedKeyValueStore,
  windowStore,
  type StateStore,
} from "millrace";
import * as millrace from "millrace";
import * as registries from "@millrace/schema-registry";
import * as avro from "@millrace/serde-avro";
import * as jsonSchema from "@millrace/serde-json-schema";
import * as protobuf from "@millrace/serde-protobuf";
import { StreamsApp as RunningApp } from "@millrace/streams";
import * as testing from "@millrace/testing";
import { expect, test } from "vitest";

import { repository } from "../tidy/source-files.ts";

const page = readFileSync(join(repository, "docs/guides/from-java.md"), "utf8");
/** What stands for Java, and for what is ours. */
const rows = [...page.matchAll(/^\| (?!Java \||---)(.+?) \| (.+) \|$/gm)].map(([, java, here]) => ({
  java,
  here,
}));

const serdes = { key: string(), value: string() };
const common = { ...serdes, retention: "1h" } as const;
const stores = {
  keyValue: keyValueStore({ name: "a", ...serdes }),
  windows: windowStore({ name: "b", windowSize: "1m", ...common }),
  sessions: sessionStore({ name: "c", ...common }),
  versions: versionedKeyValueStore({ name: "d", historyRetention: "1h", ...serdes }),
};

/** Objects as a program has them; what they can do is what the page may name. */
function surface(): readonly object[] {
  const builder = new StreamsBuilder();
  const stream = builder.stream("in", serdes);
  const grouped = stream.groupByKey();
  const contexts: object[] = [];
  const counted = grouped.count({ store: "counts" });
  stream
    .process({
      stores,
      output: { key: string(), value: int64AsNumber() },
      init: (context) => void contexts.push(context),
      process: () => {},
    })
    .to("out");
  const topology = builder.build();
  const driver = new testing.TopologyTestDriver(topology);
  const opened = Object.values(stores).map((one) => driver.store<StateStore>(one.name));
  const tables = [
    counted,
    counted.groupBy((value, key) => ({ key, value }), { key: string(), value: int64AsNumber() }),
  ];
  const windowed = [grouped.windowedBy(tumbling("1m")), grouped.windowedBy(session("1m"))];
  const cogrouped = grouped.cogroup((text: string) => text, { value: string() });
  const more = [
    driver.input("in", serdes),
    driver.output("out", serdes),
    new StreamRecord("", "", 0),
  ];
  void driver.close();
  return [
    millrace,
    testing,
    registries,
    avro,
    protobuf,
    jsonSchema,
    millrace.StreamsApp,
    RunningApp.prototype,
    new Topology(),
    builder,
    stream,
    grouped,
    cogrouped,
    driver,
    ...tables,
    ...windowed,
    ...contexts,
    ...opened,
    ...more,
  ];
}

function namesOf(object: object): readonly string[] {
  const names: string[] = [];
  for (
    let level: object | null = object;
    level !== null && level !== Object.prototype;
    level = Object.getPrototypeOf(level) as object | null
  )
    names.push(...Object.getOwnPropertyNames(level));
  return names;
}

/** Of callbacks and of a user's own definition: they are written, not called. */
const written = new Set(["process", "init", "close", "for"]);
/** What a row calls something of the user's. */
const examples = new Set(["n", "a", "rest"]);

test("the page for people who come from Java names nothing that is not there", () => {
  expect(rows.length).toBeGreaterThan(60);
  const known = new Set(surface().flatMap(namesOf));
  const missing = rows.flatMap(({ java, here }) =>
    [...here.matchAll(/`([^`]+)`/g)]
      .flatMap(([, code]) => [...code.matchAll(/\b([a-zA-Z]\w*)\(/g)])
      .map(([, name]) => name)
      .filter((name) => !known.has(name) && !written.has(name))
      .map((name) => `${java}: ${name}`),
  );
  expect(missing).toEqual([]);
});

/** Of options and records: what an interface of the packages declares. */
function declaredFields(): ReadonlySet<string> {
  const files = globSync(
    "packages/{model,state,streams,testing,millrace,schema-registry}/src/**/*.ts",
    {
      cwd: repository,
    },
  );
  const text = files.map((file) => readFileSync(join(repository, file), "utf8")).join("\n");
  return new Set([...text.matchAll(/(?:^ +|readonly )(\w+)\??[:(]/gm)].map(([, name]) => name));
}

test("and gives no operator an option that is not there", () => {
  const declared = declaredFields();
  const missing = rows.flatMap(({ java, here }) =>
    [...here.matchAll(/`([^`]+)`/g)]
      .flatMap(([, code]) => [...code.matchAll(/\{([^{}]*)\}/g)])
      .flatMap(([, inside]) => [...inside.matchAll(/(?:^|,) *([a-z]\w*)/g)])
      .map(([, name]) => name)
      .filter((name) => !declared.has(name) && !examples.has(name))
      .map((name) => `${java}: ${name}`),
  );
  expect(missing).toEqual([]);
});
