import { traceContextOf, traceRecords, withTraceContext } from "@millrace/opentelemetry";
import { string } from "@millrace/serde";
import { StreamsBuilder, type Topology } from "@millrace/streams";
import { context, propagation, SpanKind } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  InMemorySpanExporter,
  ParentBasedSampler,
  AlwaysOnSampler,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { afterEach, beforeEach, expect, test } from "vitest";

import { TestWorld } from "./world/test-world.ts";

let world: TestWorld;
const exporter = new InMemorySpanExporter();
const tracer = new TracerProvider({
  sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  spanProcessors: [new SimpleSpanProcessor({ exporter })],
}).getTracer("shop");

beforeEach(async () => {
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  exporter.reset();
  world = await TestWorld.start({ orders: 1, totals: 1 });
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
  propagation.disable();
  context.disable();
});

const text = { key: string(), value: string() };

/** Through a repartition topic, and the cache of a store, to a sink. */
function totals(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream("orders", text)
    .groupBy((order) => order, text)
    .count({ store: "counts" })
    .toStream()
    .mapValues(String)
    .to("totals", text);
  return builder.build();
}

async function order(value: string): Promise<void> {
  const producer = world.client.producer(text);
  await tracer.startActiveSpan("order", { kind: SpanKind.PRODUCER }, async (span) => {
    await producer.send({ topic: "orders", key: "1", value, headers: withTraceContext() });
    span.end();
  });
  await producer.close();
}

async function shipped(): Promise<void> {
  const consumer = world.client.consumer({
    topics: ["totals"],
    ...text,
    autoOffsetReset: "earliest",
  });
  for await (const { headers } of consumer) {
    tracer.startSpan("ship", { kind: SpanKind.CONSUMER }, traceContextOf(headers)).end();
    break;
  }
  await consumer.close();
}

test("a record that one service has sent is one trace, through a repartition topic and a store to who reads the result", async () => {
  const app = await world.app(totals(), { tracing: traceRecords(tracer) });
  await order("tea");
  await shipped();
  await app.close();
  const spans = exporter.getFinishedSpans();
  const ofTrace = spans.filter(
    (one) =>
      one.spanContext().traceId ===
      spans.find(({ name }) => name === "order")?.spanContext().traceId,
  );
  const names = new Map(ofTrace.map((one) => [one.spanContext().spanId, one.name]));
  const way = ofTrace.map(({ name, parentSpanContext: parent }) => [
    name,
    parent === undefined ? undefined : names.get(parent.spanId),
  ]);
  const repartition = ofTrace.find(({ name }) => name.endsWith("-repartition"))?.name;
  expect(new Map(way.map(([name, parent]) => [name, parent]))).toEqual(
    new Map([
      ["order", undefined],
      [repartition, "order"],
      ["send totals", repartition],
      ["ship", "send totals"],
    ]),
  );
  // What the loops did for it is linked: what took the order, and what took it from the repartition topic.
  const linked = spans
    .filter(({ name }) => name === "process app")
    .flatMap(({ links }) => links.map((link) => names.get(link.context.spanId)));
  expect(linked).toEqual(["order", repartition]);
});

test("without tracing headers go through as they came", async () => {
  const app = await world.app(totals(), {});
  await order("tea");
  await shipped();
  await app.close();
  const spans = exporter.getFinishedSpans();
  const [sent, read] = ["order", "ship"].map((name) => spans.find((one) => one.name === name));
  expect(read?.parentSpanContext?.spanId).toBe(sent?.spanContext().spanId);
  expect(spans).toHaveLength(2);
});

test("a tracer that throws ends no task", async () => {
  const fail = (): never => {
    throw new TypeError("the tracer is broken");
  };
  const openLoop = () => ({ begin: fail, within: fail, end: fail, taken: fail, sent: fail });
  const app = await world.app(totals(), { tracing: { openLoop } });
  await order("tea");
  await shipped();
  expect(app.state).toBe("running");
  await app.close();
  expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(["order", "ship"]);
});

test("what cannot trace is refused", async () => {
  await expect(world.app(totals(), { tracing: tracer as never })).rejects.toMatchObject({
    code: "INVALID_OPTION",
    message: expect.stringContaining("traceRecords of @millrace/opentelemetry"),
  });
});
