export { BaseError, type ErrorDetails } from "./base-error.ts";
export {
  compareBytes,
  concatBytes,
  decodeUtf8,
  encodeUtf8,
  writeUtf8,
  equalBytes,
  fromHex,
  noBytes,
  toHex,
} from "./bytes.ts";
export { DurationError, parseDuration, toMilliseconds, type Duration } from "./durations.ts";
export { noHeaders, type Header, type Headers } from "./headers.ts";
export { invariant, InvariantError, unreachable } from "./invariant.ts";
export { nestsDeeper } from "./nests-deeper.ts";
export { nearestName } from "./options/nearest-name.ts";
export { OptionError, type OptionErrorCode } from "./options/option-error.ts";
export {
  bytesOption,
  choiceOption,
  durationOption,
  unboundedDurationOption,
  flagOption,
  isRecordOf,
  numberOption,
  textOption,
  valueOption,
  type OptionPresence,
  type OptionRow,
} from "./options/option-row.ts";
export {
  optionTable,
  readOptions,
  type GivenOptions,
  type OptionRows,
  type OptionRule,
  type OptionTable,
  type ReadOptions,
} from "./options/option-table.ts";
export { isPromise, isSynchronousFunction, shown } from "./options/shown.ts";
export { murmur2, partitionForKey } from "./murmur2.ts";
export { murmur3 } from "./murmur3.ts";
export type { RecordBatchView } from "./record-batch-view.ts";
export {
  isTopicName,
  topicNameAllowed,
  topicPartitionName,
  type Offset,
  type Timestamp,
  type TopicPartition,
} from "./topic-partition.ts";
export { causesOf, messageOf, stackOf } from "./thrown.ts";
export type { Window, Windowed } from "./windowed.ts";
