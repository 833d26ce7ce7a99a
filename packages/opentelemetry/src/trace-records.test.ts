import { decodeUtf8, encodeUtf8, noHeaders, type Headers } from "@millrace/model";
import { traced, type LoopTracing } from "@millrace/platform";
import { context, propagation, SpanKind, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  InMemorySpanExporter,
  ParentBasedSampler,
  SimpleSpanProcessor,
  TracerProvider,
  type Sampler,
} from "@opentelemetry/sdk-trace";
import { afterAll, beforeAll, expect, it, test } from "vitest";

import { traceContextOf, withTraceContext } from "./record-headers.ts";
import { traceRecords } from "./trace-records.ts";

beforeAll(() => {
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterAll(() => {
  propagation.disable();
  context.disable();
});

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

/** Of a record that somebody has produced; flags 00: its trace is not sampled. */
function headersOf(flags = "01", id = spanId): Headers {
  return [
    ["kind", encodeUtf8("order")],
    ["traceparent", encodeUtf8(`00-${traceId}-${id}-${flags}`)],
  ];
}

function world(sampler: Sampler = new AlwaysOnSampler()) {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    sampler: new ParentBasedSampler({ root: sampler }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer("test");
  const tracing = traceRecords(tracer).openLoop({ applicationId: "app", threadId: "app-1" });
  const spans = () => exporter.getFinishedSpans();
  const span = (name: string) => {
    const found = spans().find((one) => one.name === name);
    if (found === undefined) throw new Error(`no span ${name}`);
    return found;
  };
  return { tracer, tracing, spans, span };
}

function take(tracing: LoopTracing, headers: Headers, offset = 0): void {
  tracing.taken({ topic: "in", partition: 0, offset, headers });
}

const parentOf = (headers: Headers): string | undefined => {
  const found = headers.find(([name]) => name === "traceparent")?.[1];
  return found === null || found === undefined ? undefined : decodeUtf8(found);
};

it("links what a loop does in one go to the traces of its records, and goes on in each with what is sent", () => {
  const { tracing, span, spans } = world();
  let sent: Headers = noHeaders;
  traced(tracing, "process", () => {
    take(tracing, headersOf());
    sent = tracing.sent("out", headersOf());
  });
  const work = span("process app");
  expect(work.kind).toBe(SpanKind.CONSUMER);
  expect(work.parentSpanContext).toBeUndefined();
  expect(work.links.map((link) => link.context)).toMatchObject([{ traceId, spanId }]);
  expect(work.attributes).toMatchObject({
    "messaging.system": "kafka",
    "messaging.consumer.group.name": "app",
    "messaging.batch.message_count": 1,
  });
  const sending = span("send out");
  expect(sending.kind).toBe(SpanKind.PRODUCER);
  expect(sending.spanContext().traceId).toBe(traceId);
  expect(sending.parentSpanContext?.spanId).toBe(spanId);
  expect(sending.links.map((link) => link.context.spanId)).toEqual([work.spanContext().spanId]);
  expect(parentOf(sent)).toBe(`00-${traceId}-${sending.spanContext().spanId}-01`);
  expect(sent.map(([name]) => name)).toEqual(["kind", "traceparent"]);
  expect(spans()).toHaveLength(2);
});

it("has what is part of no trace go on in that of the work, with one span a topic", () => {
  const { tracing, span, spans } = world();
  const sent: Headers[] = [];
  traced(tracing, "punctuate", () => {
    for (const topic of ["out", "out", "other"]) sent.push(tracing.sent(topic, noHeaders));
  });
  expect(spans()).toHaveLength(3);
  const { traceId: own, spanId: parent } = span("punctuate app").spanContext();
  const sending = span("send out");
  expect(sending.parentSpanContext?.spanId).toBe(parent);
  expect(sending.attributes).toMatchObject({
    "messaging.batch.message_count": 2,
    "messaging.destination.name": "out",
  });
  expect(sent.map(parentOf)).toEqual(
    ["out", "out", "other"].map(
      (topic) => `00-${own}-${span(`send ${topic}`).spanContext().spanId}-01`,
    ),
  );
});

it("passes on what is not sampled as it came, and makes no span of it", () => {
  const { tracing, spans } = world(new AlwaysOffSampler());
  const headers = headersOf("00");
  traced(tracing, "process", () => {
    take(tracing, headers);
    expect(tracing.sent("out", headers)).toBe(headers);
    expect(tracing.sent("out", noHeaders)).toBe(noHeaders);
  });
  expect(spans()).toEqual([]);
});

it("goes on in a trace that somebody else has sampled, where the work itself is not", () => {
  const { tracing, spans } = world(new AlwaysOffSampler());
  traced(tracing, "process", () => {
    take(tracing, headersOf());
    expect(parentOf(tracing.sent("out", headersOf()))).toMatch(new RegExp(`^00-${traceId}-`));
  });
  expect(spans().map(({ name, links }) => [name, links.length])).toEqual([["send out", 0]]);
});

it("has a bound of links and spans of records, beyond which contexts are passed on as they came", () => {
  const { tracing, spans, span } = world();
  const last = headersOf("01", "00000000000000ff");
  traced(tracing, "process", () => {
    for (let record = 0; record < 130; record++) {
      take(tracing, headersOf(), record);
      tracing.sent("out", headersOf());
    }
    expect(tracing.sent("out", last)).toBe(last);
  });
  expect(spans()).toHaveLength(129);
  expect(span("process app").links).toHaveLength(128);
  expect(span("process app").attributes["messaging.batch.message_count"]).toBe(130);
});

it("tells nothing of work that took and sent nothing, unless it failed", () => {
  const { tracing, spans, span } = world();
  traced(tracing, "process", () => {});
  expect(spans()).toEqual([]);
  const fail = (): never => {
    throw new TypeError("bad");
  };
  expect(() => traced(tracing, "process", fail)).toThrow("bad");
  expect(span("process app").events).toMatchObject([{ name: "exception" }]);
});

it("has what callbacks trace belong to the work", () => {
  const { tracing, tracer, span } = world();
  traced(tracing, "process", () => {
    take(tracing, noHeaders);
    tracer.startSpan("look up").end();
  });
  expect(span("look up").parentSpanContext?.spanId).toBe(span("process app").spanContext().spanId);
});

test("headers that are no context are none", () => {
  const { tracing, span } = world();
  traced(tracing, "process", () => take(tracing, [["traceparent", encodeUtf8("nonsense")]]));
  expect(span("process app").links).toEqual([]);
});

test("a program's own producers and consumers have the context in headers, too", () => {
  const { tracer } = world();
  const headers = tracer.startActiveSpan("order", (span) => {
    span.end();
    return withTraceContext([["traceparent", encodeUtf8("old")]]);
  });
  expect(headers).toHaveLength(1);
  const read = trace.getSpanContext(traceContextOf(headers));
  expect(parentOf(headers)).toBe(`00-${read?.traceId}-${read?.spanId}-01`);
  expect(withTraceContext(noHeaders)).toBe(noHeaders);
});
