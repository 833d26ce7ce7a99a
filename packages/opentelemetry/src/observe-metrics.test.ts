import { MetricRegistry } from "@millrace/platform";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { expect, test } from "vitest";

import { observeMetrics } from "./observe-metrics.ts";

function world(temporality = AggregationTemporality.CUMULATIVE) {
  const exporter = new InMemoryMetricExporter(temporality);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  const registry = new MetricRegistry();
  let looks = 0;
  const source = {
    metrics: () => {
      looks += 1;
      return registry.snapshot();
    },
  };
  const collected = async (): Promise<Record<string, unknown>> => {
    exporter.reset();
    await provider.forceFlush();
    const found = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) =>
        scopeMetrics.flatMap(({ metrics }) =>
          metrics.map(({ descriptor, dataPoints }) => [
            descriptor.name,
            dataPoints.map(({ value, attributes }) => [value, attributes]),
          ]),
        ),
      );
    return Object.fromEntries(found) as Record<string, unknown>;
  };
  return { provider, registry, source, collected, looks: () => looks };
}

test("counters and gauges are shown with their tags; what is not known yet is left out", async () => {
  const { provider, registry, source, collected } = world();
  registry.counter("process-total", { "thread-id": "1" }).add(3);
  registry.counter("process-total", { "thread-id": "2" }).add(4);
  let lag = NaN;
  registry.gauge("records-lag", () => lag);
  using _ = observeMetrics(source, provider.getMeter("orders"));
  expect(await collected()).toEqual({
    "millrace.process-total": [
      [3, { "thread-id": "1" }],
      [4, { "thread-id": "2" }],
    ],
  });
  lag = 0;
  expect(await collected()).toMatchObject({ "millrace.records-lag": [[0, {}]] });
});

test("what is left to be restored is a gauge, though Kafka calls it a total", async () => {
  const { provider, registry, source, collected } = world(AggregationTemporality.DELTA);
  const left = registry.counter("restore-remaining-records-total");
  using _ = observeMetrics(source, provider.getMeter("orders"), { prefix: "x." });
  left.add(5);
  expect(await collected()).toEqual({ "x.restore-remaining-records-total": [[5, {}]] });
  left.add(2);
  expect(await collected()).toEqual({ "x.restore-remaining-records-total": [[7, {}]] });
});

test("what is new comes with the next look, and what is gone is not shown any more", async () => {
  // With the other one the SDK itself goes on telling what it was told last.
  const { provider, registry, source, collected } = world(AggregationTemporality.DELTA);
  const remove = registry.gauge("old", () => 1);
  using _ = observeMetrics(source, provider.getMeter("orders"), { prefix: "x." });
  expect(Object.keys(await collected())).toEqual(["x.old"]);
  registry.gauge("new", () => 2);
  await collected();
  expect(await collected()).toEqual({ "x.old": [[1, {}]], "x.new": [[2, {}]] });
  remove();
  expect(await collected()).toMatchObject({ "x.new": [[2, {}]] });
  expect(await collected()).not.toMatchObject({ "x.old": [[1, {}]] });
});

test("a collection looks once, and none after the end", async () => {
  const { provider, registry, source, collected, looks } = world();
  registry.gauge("one", () => 1);
  registry.gauge("two", () => 2);
  const observed = observeMetrics(source, provider.getMeter("orders"));
  const before = looks();
  await collected();
  expect(looks() - before).toBe(1);
  observed[Symbol.dispose]();
  await collected();
  expect(looks() - before).toBe(1);
});
