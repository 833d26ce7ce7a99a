import type { Tracing } from "@millrace/platform";
import type { Tracer } from "@opentelemetry/api";

import { LoopSpans } from "./loop-spans.ts";

/**
 * Traces an application: a span for what each loop does in one go, linked to the traces that its records came with, and one
 * for what it sends to each topic, whose context goes with the records in their headers. A record that is part of a trace
 * goes on in that trace, through repartition topics and stores to the outputs. Traces that are not sampled are passed on
 * as they came.
 *
 * @example
 * const tracing = traceRecords(trace.getTracer("orders"));
 * const app = await StreamsApp.start(topology, { applicationId: "orders", cluster, tracing });
 */
export function traceRecords(tracer: Tracer): Tracing {
  return { openLoop: (place) => new LoopSpans(tracer, place) };
}
