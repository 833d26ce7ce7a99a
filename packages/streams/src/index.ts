export { StreamsError, type ErrorPlace, type StreamsErrorCode } from "./error/streams-error.ts";
export {
  TopologyConfigError,
  TopologyError,
  type TopologyErrorCode,
} from "./error/topology-error.ts";
export type {
  Processor,
  ProcessorContext,
  ProcessorSupplier,
  RecordMetadata,
} from "./processor/processor.ts";
export { StreamRecord, recordOf } from "./processor/stream-record.ts";
export { taskIdText, type TaskId } from "./processor/task-id.ts";
export {
  partitionTimeForInvalidTimestamps,
  skipInvalidTimestamps,
  type ExtractorInput,
  type TimestampExtractor,
} from "./processor/timestamp-extractor.ts";
export type { ErrorPolicy, ErrorResponse } from "./task/error-policy.ts";
export {
  ClusterRecordCollector,
  type RecordAppender,
  type RecordCollector,
  type TopicAppender,
} from "./task/record-collector.ts";
export { storeOpenings } from "./task/store-openings.ts";
export { StreamTask } from "./task/stream-task.ts";
export type { StreamTaskOptions, TaskConfig } from "./task/stream-task-options.ts";
export { TaskRecordContext } from "./task/task-record-context.ts";
export type { ChangelogTopic, InternalTopic, Subtopology } from "./topology/subtopology.ts";
export type {
  SinkNode,
  SourceNode,
  StreamPartitioner,
  TopicNameExtractor,
  TopologyNode,
} from "./topology/topology-node.ts";
