import type { Timestamp } from "@millrace/model";
import type { CompressionName } from "@millrace/protocol/records";

/** What of a topic's configuration a log obeys. Names are Kafka's in camelCase with units. */
export interface LogConfig {
  /** `segment.bytes`. */
  readonly segmentBytes: number;
  /** `segment.ms`: a segment is closed once its records span more. */
  readonly segmentMs: number;
  /** `segment.jitter.ms`: up to this much earlier, by chance, so that segments are not all closed at once. */
  readonly segmentJitterMs: number;
  /** `segment.index.bytes`: a segment is closed once an index holds this much. */
  readonly segmentIndexBytes: number;
  /** `index.interval.bytes`: an index entry after at least this many bytes of batches. */
  readonly indexIntervalBytes: number;
  /** Once an active segment has grown by so much, or by a sixteenth if that is more, a sync notes what lies in it. */
  readonly recordIntervalBytes: number;
  /** `max.message.bytes`: largest batch accepted from clients. */
  readonly maxMessageBytes: number;
  /** `compression.type`: another codec than a batch came with makes it be written anew. */
  readonly compressionType: "producer" | CompressionName;
  /** `compression.gzip.level` or `compression.zstd.level`, if it is one of these; undefined: the codec's own. */
  readonly compressionLevel: number | undefined;
  /** `flush.messages`: an append that makes so many records not synced counts once they are. */
  readonly flushMessages: number;
  /** `flush.ms`: how long what was appended may stay without a sync, where its owner looks for it. */
  readonly flushMs: number;
  /** `message.timestamp.type`. */
  readonly messageTimestampType: "CreateTime" | "LogAppendTime";
  /** `message.timestamp.before.max.ms`; `Infinity` accepts all. */
  readonly messageTimestampBeforeMaxMs: number;
  /** `message.timestamp.after.max.ms`. */
  readonly messageTimestampAfterMaxMs: number;
  /** `cleanup.policy` contains `compact`: records without key are refused. */
  readonly isCompacted: boolean;
  /** `cleanup.policy` contains `delete`: the next two count. */
  readonly isDeleted: boolean;
  /** `retention.ms`; `Infinity` keeps records for ever. */
  readonly retentionMs: number;
  /** `retention.bytes`; `Infinity` sets no bound. */
  readonly retentionBytes: number;
  /** `file.delete.delay.ms`: what upkeep takes away stays on the disk for so long, as `.deleted`. */
  readonly fileDeleteDelayMs: number;
  /** `delete.retention.ms`: how long a tombstone can be read that compaction has come by. */
  readonly deleteRetentionMs: number;
  /** `min.cleanable.dirty.ratio`. */
  readonly cleanableDirtyRatioMin: number;
  /** `min.compaction.lag.ms`: younger records stay as they are. */
  readonly compactionLagMinMs: number;
  /** `max.compaction.lag.ms`: older records are compacted, however few they are. */
  readonly compactionLagMaxMs: number;
  /** `producer.id.expiration.ms`. */
  readonly producerIdExpirationMs: number;
  /** `transaction.partition.verification.enable`. */
  readonly transactionVerificationEnabled: boolean;
  /** False: its owner syncs it at its close alone, so that no file has to stay open for bytes that are not synced. */
  readonly isSyncedWhileOpen: boolean;
  /** Newest batches kept in memory for readers at the tail, each with 256 bytes around it; 0 keeps none. */
  readonly tailCacheBytes: number;
}

/** Kafka's defaults. */
export const defaultLogConfig: LogConfig = Object.freeze({
  segmentBytes: 1_073_741_824,
  segmentMs: 604_800_000,
  segmentJitterMs: 0,
  segmentIndexBytes: 10_485_760,
  indexIntervalBytes: 4096,
  recordIntervalBytes: 2_097_152,
  maxMessageBytes: 1_048_588,
  compressionType: "producer",
  compressionLevel: undefined,
  flushMessages: Number.POSITIVE_INFINITY,
  flushMs: Number.POSITIVE_INFINITY,
  messageTimestampType: "CreateTime",
  messageTimestampBeforeMaxMs: Number.POSITIVE_INFINITY,
  messageTimestampAfterMaxMs: 3_600_000,
  isCompacted: false,
  isDeleted: true,
  retentionMs: 604_800_000,
  retentionBytes: Number.POSITIVE_INFINITY,
  fileDeleteDelayMs: 60_000,
  deleteRetentionMs: 86_400_000,
  cleanableDirtyRatioMin: 0.5,
  compactionLagMinMs: 0,
  compactionLagMaxMs: Number.POSITIVE_INFINITY,
  producerIdExpirationMs: 86_400_000,
  transactionVerificationEnabled: true,
  isSyncedWhileOpen: true,
  tailCacheBytes: 1_048_576,
});

/** "None" for times in Kafka's formats. */
export const noTimestamp: Timestamp = -1;
