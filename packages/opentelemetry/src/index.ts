export { observeMetrics, type ObserveMetricsOptions } from "./observe-metrics.ts";
