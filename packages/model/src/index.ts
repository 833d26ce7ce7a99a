export { BaseError, type ErrorDetails } from "./base-error.ts";
export {
  compareBytes,
  concatBytes,
  decodeUtf8,
  encodeUtf8,
  equalBytes,
  fromHex,
  noBytes,
  toHex,
} from "./bytes.ts";
export { DurationError, toMilliseconds, type Duration } from "./durations.ts";
export { noHeaders, type Header, type Headers } from "./headers.ts";
export { invariant, InvariantError, unreachable } from "./invariant.ts";
export { murmur2, partitionForKey } from "./murmur2.ts";
export type { RecordBatchView } from "./record-batch-view.ts";
export {
  topicPartitionName,
  type Offset,
  type Timestamp,
  type TopicPartition,
} from "./topic-partition.ts";
