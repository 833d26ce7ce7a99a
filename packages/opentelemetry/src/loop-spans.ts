import type { Headers } from "@millrace/model";
import type { LoopTracing, TracedLoop, TracedRecord, TracedWork } from "@millrace/platform";
import {
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
  type Tracer,
} from "@opentelemetry/api";

import { replaced, traceContextOf, traceHeaders } from "./record-headers.ts";

/** Of one piece of work: links of its span, and spans of records that it sends. OpenTelemetry's own limit of links. */
const recordsMax = 128;

/** What goes to a topic without being part of a trace is part of the work's own. */
interface TopicSpan {
  readonly span: Span;
  readonly headers: Headers;
  count: number;
}

/** The work that is being done. */
interface OpenWork {
  readonly span: Span;
  readonly context: Context;
  readonly isSampled: boolean;
  taken: number;
  links: number;
  readonly sent: Span[];
  readonly toTopics: Map<string, TopicSpan>;
}

export class LoopSpans implements LoopTracing {
  readonly #tracer: Tracer;
  readonly #applicationId: string;
  readonly #attributes: Attributes;
  #work: OpenWork | undefined;
  /** Of the headers that were read last: a record is taken and sent with the same. */
  #headers: Headers | undefined;
  #context: Context = ROOT_CONTEXT;

  constructor(tracer: Tracer, { applicationId, threadId }: TracedLoop) {
    this.#tracer = tracer;
    this.#applicationId = applicationId;
    this.#attributes = {
      "messaging.system": "kafka",
      "messaging.consumer.group.name": applicationId,
      "messaging.client.id": threadId,
    };
  }

  begin(work: TracedWork): void {
    const span = this.#tracer.startSpan(
      `${work} ${this.#applicationId}`,
      {
        root: true,
        kind: work === "process" ? SpanKind.CONSUMER : SpanKind.INTERNAL,
        attributes: { ...this.#attributes, "messaging.operation.name": work },
      },
      ROOT_CONTEXT,
    );
    this.#work = {
      span,
      context: trace.setSpan(ROOT_CONTEXT, span),
      isSampled: isSampled(span.spanContext()),
      taken: 0,
      links: 0,
      sent: [],
      toTopics: new Map(),
    };
  }

  within<Result>(work: () => Result): Result {
    return this.#work === undefined ? work() : context.with(this.#work.context, work);
  }

  /** Work that nothing came of is not told of: its span is never ended. */
  end(failure?: { readonly error: unknown }): void {
    const work = this.#work;
    this.#work = this.#headers = undefined;
    if (work === undefined) return;
    for (const span of work.sent) span.end();
    for (const { span, count } of work.toTopics.values()) {
      span.setAttribute("messaging.batch.message_count", count);
      span.end();
    }
    const { span, taken, sent, toTopics } = work;
    if (failure !== undefined) {
      const { error } = failure;
      span.recordException(error instanceof Error ? error : String(error));
      span.setStatus({ code: SpanStatusCode.ERROR });
    } else if (taken + sent.length + toTopics.size === 0) return;
    if (taken > 0) span.setAttribute("messaging.batch.message_count", taken);
    span.end();
  }

  taken({ topic, headers }: TracedRecord): void {
    const work = this.#work;
    if (work === undefined) return;
    work.taken += 1;
    if (headers.length === 0 || !work.isSampled || work.links === recordsMax) return;
    const origin = trace.getSpanContext(this.#contextOf(headers));
    if (origin === undefined || !isSpanContextValid(origin)) return;
    work.links += 1;
    const attributes = topic === null ? {} : { "messaging.destination.name": topic };
    work.span.addLink({ context: origin, attributes });
  }

  sent(topic: string, headers: Headers): Headers {
    const work = this.#work;
    if (work === undefined) return headers;
    const origin = headers.length === 0 ? ROOT_CONTEXT : this.#contextOf(headers);
    const cause = trace.getSpanContext(origin);
    if (cause === undefined || !isSpanContextValid(cause))
      return work.isSampled ? this.#ofWork(work, topic, headers) : headers;
    if (!isSampled(cause) || work.sent.length === recordsMax) return headers;
    const links = work.isSampled ? [{ context: work.span.spanContext() }] : [];
    const span = this.#sending(topic, origin, links);
    work.sent.push(span);
    return replaced(headers, traceHeaders(trace.setSpan(origin, span)));
  }

  #ofWork(work: OpenWork, topic: string, headers: Headers): Headers {
    let known = work.toTopics.get(topic);
    if (known === undefined) {
      const span = this.#sending(topic, work.context, []);
      known = { span, headers: traceHeaders(trace.setSpan(work.context, span)), count: 0 };
      work.toTopics.set(topic, known);
    }
    known.count += 1;
    return replaced(headers, known.headers);
  }

  #sending(topic: string, parent: Context, links: { readonly context: SpanContext }[]): Span {
    const attributes = {
      ...this.#attributes,
      "messaging.operation.name": "send",
      "messaging.operation.type": "send",
      "messaging.destination.name": topic,
    };
    return this.#tracer.startSpan(
      `send ${topic}`,
      { kind: SpanKind.PRODUCER, attributes, links },
      parent,
    );
  }

  #contextOf(headers: Headers): Context {
    if (headers === this.#headers) return this.#context;
    this.#headers = headers;
    this.#context = traceContextOf(headers);
    return this.#context;
  }
}

function isSampled({ traceFlags }: SpanContext): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0;
}
