export { observeMetrics, type ObserveMetricsOptions } from "./observe-metrics.ts";
export { traceContextOf, withTraceContext } from "./record-headers.ts";
export { traceRecords } from "./trace-records.ts";
