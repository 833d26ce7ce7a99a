export { defaultLogConfig, type LogConfig } from "./log-config.ts";
export {
  LogCorruptedError,
  LogDirectoryError,
  LogRequestError,
  LogStorageError,
  type LogDamage,
  type LogDirectoryErrorCode,
  type LogRequestErrorCode,
  type LogStorageErrorCode,
  type RecordError,
} from "./log-error.ts";
export type {
  AbortedTransaction,
  AppendOptions,
  AppendOrigin,
  AppendResult,
  CutTail,
  EpochEndOffset,
  LogSlice,
  PartitionLogOptions,
  ProducerDescription,
  ReadOptions,
  RecoveryReport,
  SegmentDescription,
  TimestampOffset,
  VerificationGuard,
} from "./log-types.ts";
export { PartitionLog } from "./partition-log.ts";
export type { Cleanable } from "./compaction/judge-compaction.ts";
export type { CompactionOptions, CompactionResult } from "./partition/compact-log.ts";
export type { LogUpkeep, RetentionResult } from "./partition/log-upkeep.ts";
export { ReadMemory } from "./read/read-memory.ts";
export { LogDirectory, type LogDirectoryOptions, type OpenLogOptions } from "./log-directory.ts";
export type { PartitionFolder, StrayFolder } from "./partition-folders.ts";
export { CheckpointError } from "./checkpoint/checkpoint-file.ts";
export type { DirectoryProperties } from "./checkpoint/directory-properties.ts";
export { checkLogs, type LogCheck } from "./repair/check-logs.ts";
export type { LogCheckOptions, LogFinding, LogProgress } from "./repair/log-finding.ts";
export { repairLogs, type LogRepair } from "./repair/repair-logs.ts";
