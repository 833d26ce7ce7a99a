import { readFileSync } from "node:fs";
import { join } from "node:path";

import { prometheusText } from "@millrace/platform";
import { string } from "@millrace/serde";
import { StreamsBuilder, type StreamsApp } from "@millrace/streams";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { metricDescriptions } from "../../packages/cli/src/monitoring.ts";
import { TestWorld } from "../integration/world/test-world.ts";
import { repository } from "../tidy/source-files.ts";
import { runExample } from "./run-example.ts";

const folder = join(repository, "examples/monitoring");
const read = (name: string): string => readFileSync(join(folder, name), "utf8");

interface Dashboard {
  readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
}

/** The queries of a dashboard, or of rules. */
function queriesOf(name: string): readonly string[] {
  if (name.endsWith(".yml")) return [...read(name).matchAll(/expr: (.*)/g)].map(([, expr]) => expr);
  const { panels } = JSON.parse(read(name)) as Dashboard;
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
}

/** Names in a query that are neither functions nor labels. */
function metricsIn(query: string): readonly string[] {
  const withoutLabels = query
    .replace(/\b(?:by|without|on|ignoring) *\([^)]*\)/g, " ")
    .replace(/\{[^}]*\}|\[[^\]]*\]/g, " ");
  const names = withoutLabels.match(/[a-z_][a-z0-9_]*(?! *\()\b/gi) ?? [];
  return names.filter(
    (name) =>
      !["and", "or", "unless", "bool"].includes(name) && !withoutLabels.includes(`${name}(`),
  );
}

/** What a running application tells, by its names for Prometheus. */
async function namesOf(app: StreamsApp): Promise<readonly string[]> {
  for (;;) {
    const text = prometheusText(app.metrics());
    if (text.includes("records_consumed_total{"))
      return [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

let told: ReadonlySet<string>;
let world: TestWorld;

beforeAll(async () => {
  world = await TestWorld.start({ lines: 1, copies: 1 });
  const builder = new StreamsBuilder();
  builder
    .stream("lines", { value: string() })
    .groupBy((line) => line, { key: string() })
    .count({ store: "counts" })
    .toStream()
    .to("copies");
  const app = await world.app(builder.build(), {});
  await world.produce("lines", ["one"]);
  told = new Set([...(await namesOf(app)), ...Object.keys(metricDescriptions)]);
});
afterAll(() => world[Symbol.asyncDispose]());

describe.each(["grafana/application.json", "grafana/broker.json", "alerts.yml"])("%s", (name) => {
  test("names no metric that nobody tells", () => {
    const wanted = new Set(queriesOf(name).flatMap(metricsIn));
    expect(wanted.size).toBeGreaterThan(3);
    expect([...wanted].filter((metric) => !told.has(metric))).toEqual([]);
  });
});

test("a name that nobody tells is found", () => {
  expect(
    metricsIn('sum by (topic) (rate(bytes_in_total{topic="a"}[5m])) / on (x) lag > 3'),
  ).toEqual(["bytes_in_total", "lag"]);
});

test("the example runs", async () => {
  const lines = await runExample("monitoring");
  expect(lines).toContain('client_state{application="shouting"} 2');
  expect(
    lines.some((line) => /^records_produced_total\{.*topic_name="shouts"\} 3$/.test(line)),
  ).toBe(true);
}, 60_000);
