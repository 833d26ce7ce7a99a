import { decodeUtf8, encodeUtf8, noHeaders, type Headers } from "@millrace/model";
import {
  context,
  propagation,
  ROOT_CONTEXT,
  type Context,
  type TextMapGetter,
} from "@opentelemetry/api";

const getter: TextMapGetter<Headers> = {
  keys: (headers) => headers.map(([name]) => name),
  get: (headers, wanted) => {
    const found = headers.find(([name]) => name === wanted)?.[1];
    return found === undefined || found === null ? undefined : decodeUtf8(found);
  },
};

/**
 * What a record's headers say of the trace that it belongs to, for spans that begin with it: what the propagator of
 * OpenTelemetry reads, W3C's `traceparent` and `tracestate` unless the program has another one.
 *
 * @example
 * for await (const record of consumer)
 *   tracer.startActiveSpan("ship", {}, traceContextOf(record.headers), (span) => ship(record, span));
 */
export function traceContextOf(headers: Headers): Context {
  if (headers.length === 0) return ROOT_CONTEXT;
  return propagation.extract(ROOT_CONTEXT, headers, getter);
}

/**
 * Headers with the trace that is under way, in place of what they said of one.
 *
 * @example
 * await producer.send({ topic: "orders", key, value, headers: withTraceContext() });
 */
export function withTraceContext(
  headers: Headers = noHeaders,
  traced: Context = context.active(),
): Headers {
  return replaced(headers, traceHeaders(traced));
}

/** What a context is in headers. */
export function traceHeaders(traced: Context): Headers {
  const carrier: Record<string, string> = {};
  propagation.inject(traced, carrier);
  return Object.entries(carrier).map(([name, value]) => [name, encodeUtf8(value)]);
}

/** Headers with others in place of those of the same names. */
export function replaced(headers: Headers, others: Headers): Headers {
  if (others.length === 0) return headers;
  const names = new Set(others.map(([name]) => name));
  return [...headers.filter(([name]) => !names.has(name)), ...others];
}
