import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  connect,
  EmbeddedCluster,
  session,
  StreamsApp,
  StreamsBuilder,
  string,
  tumbling,
  untilWindowCloses,
  type MetricValue,
  type StreamsOptions,
  type Topology,
} from "millrace";
import { afterAll, beforeAll, expect, test } from "vitest";

import { repository } from "../tidy/source-files.ts";
import { kafkaMetrics } from "./kafka-metrics.ts";

const levels = ["info", "debug", "trace"] as const;
type Level = (typeof levels)[number];

interface Row {
  readonly name: string;
  readonly level: Level;
  readonly tags: readonly string[];
}

/** The tables of the page: `a-{b,c}` stands for two names. */
function documented(): readonly Row[] {
  const page = readFileSync(join(repository, "docs/guides/metrics.md"), "utf8");
  const lines = page.split("\n").filter((line) => /\| (?:info|debug|trace) \|/.test(line));
  return lines.flatMap((line) => {
    const [, names, level, tags] = line.split("|").map((cell) => cell.trim());
    return codesIn(names)
      .flatMap(expanded)
      .map((name) => ({ name, level: level as Level, tags: codesIn(tags).toSorted() }));
  });
}

function codesIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code);
}

function expanded(name: string): readonly string[] {
  const found = /^(.*)\{(.*)\}(.*)$/.exec(name);
  if (found === null) return [name];
  const [, before, choices, after] = found;
  return choices.split(",").flatMap((choice) => expanded(before + choice + after));
}

/** Something of everything that has metrics of its own. */
function program(): Topology {
  const builder = new StreamsBuilder();
  const text = { key: string(), value: string() };
  const lines = builder.stream("lines", text).mapValuesAsync(
    (line) => {
      if (line === "bad") throw new Error("nobody takes it");
      return Promise.resolve(line);
    },
    {
      retry: { attempts: 2, backoff: { from: 1, to: 1 } },
      onGiveUp: "continue",
      value: string(),
    },
  );
  const keyed = lines.groupByKey();
  keyed.count({ store: "counts" });
  lines
    .groupBy((line) => line, text)
    .count({ store: "by-line" })
    .toStream()
    .to("out");
  const windowed = keyed.windowedBy(tumbling("1s", { grace: 0 }));
  windowed.count({ store: "suppressed" }).suppress(untilWindowCloses());
  windowed.emitStrategy("onWindowClose").count({ store: "final" });
  keyed.windowedBy(session("1s", { grace: 0 })).count({ store: "sessions" });
  return builder.build();
}

let folder: string;
let cluster: EmbeddedCluster;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-metrics-"));
  const topics = { lines: 1, out: 1 };
  cluster = await EmbeddedCluster.start({ data: folder, durability: "memory", topics });
});
afterAll(async () => {
  await cluster.close();
  rmSync(folder, { recursive: true, force: true });
});

async function told(metricsRecordingLevel: Level): Promise<readonly MetricValue[]> {
  const options: StreamsOptions = {
    applicationId: `at-${metricsRecordingLevel}`,
    cluster,
    stateDirectory: join(folder, metricsRecordingLevel),
    stateFrom: join(folder, "snapshots"),
    metricsRecordingLevel,
  };
  const app = await StreamsApp.start(program(), options);
  app.tap("KSTREAM-SOURCE-0000000000", listener)[Symbol.dispose]();
  const client = connect({ bootstrapServers: cluster.bootstrapServers });
  const producer = client.producer({ key: string(), value: string() });
  for (const value of ["one", "two", "bad"])
    await producer.send({ topic: "lines", key: "k", value });
  const produced = () =>
    app
      .metrics()
      .some(({ name, tags }) => name === "records-produced-total" && tags["topic-name"] === "out");
  await expect.poll(produced, { timeout: 20_000 }).toBe(true);
  const givenUp = () => app.metrics().some(({ name }) => name === "async-given-up-total");
  await expect.poll(givenUp, { timeout: 20_000 }).toBe(true);
  const metrics = app.metrics();
  await app.close();
  await client.close();
  return metrics;
}

const listener = {
  take: () => {},
  committed: () => {},
  discarded: () => {},
  hasRoom: true,
  awaitsCommit: false,
  ended: () => {},
};

const rowOf = ({ name, tags }: Pick<MetricValue, "name" | "tags">): string =>
  `${name} ${Object.keys(tags).toSorted().join(" ")}`;

test.each(levels)(
  "the page on metrics tells what is there at level %s, and no more",
  async (level) => {
    const rows = documented().filter((row) => levels.indexOf(row.level) <= levels.indexOf(level));
    const wanted = new Set(rows.map(({ name, tags }) => `${name} ${tags.join(" ")}`));
    const found = new Set((await told(level)).map(rowOf));
    expect([...found].filter((row) => !wanted.has(row)).toSorted()).toEqual([]);
    expect([...wanted].filter((row) => !found.has(row)).toSorted()).toEqual([]);
  },
);

test("what Kafka has is there, or is told with the reason", () => {
  const page = readFileSync(join(repository, "docs/guides/metrics.md"), "utf8");
  const [, leftOut] = page.split("### What Kafka has and this has not");
  const names = leftOut
    .split("## Alerts")[0]
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .flatMap((line) => codesIn(line.split("|")[1]).flatMap(expanded));
  const own = new Set(documented().map(({ name }) => name));
  const kafka = new Set(kafkaMetrics.flatMap(expanded));
  expect([...kafka].filter((name) => !own.has(name) && !names.includes(name))).toEqual([]);
  expect(names.filter((name) => !kafka.has(name))).toEqual([]);
});
