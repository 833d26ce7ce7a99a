export { fromChanges, fromStore, watch, type OpenChanges } from "./from-changes.ts";
export { fromMetrics, type MetricsOptions, type MetricsSample } from "./from-metrics.ts";
export { fromState } from "./from-state.ts";
export {
  fromStream,
  fromTable,
  type ObservedApp,
  type ObservedOf,
  type Project,
} from "./from-stream.ts";
export { fromTopic, type FromTopicOptions, type TopicRecord } from "./from-topic.ts";
export { ObservableError, type ObservableErrorCode } from "./observable-error.ts";
export type { ObserveOptions } from "./observe-options.ts";
export type { ObservedRecord } from "./observed-record.ts";
export type { BackPressure } from "./option-kinds.ts";
export type { SinkPaceOptions } from "./sink-options.ts";
export type { TopicPaceOptions } from "./topic-options.ts";
export { toTopic, type ToTopicOptions, type TopicMessage } from "./to-topic.ts";
