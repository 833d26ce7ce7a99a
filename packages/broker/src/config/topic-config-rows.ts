/**
 * Every property of a topic that Apache Kafka 4.3.1 knows, a line each: as in `broker-config-rows.ts`, and behind
 * a semicolon the broker's properties that give its default, nearest first.
 */
export const topicConfigRows = `
cleanup.policy LIST =compact,delete - delete ; log.cleanup.policy
compression.gzip.level INT 1..9|-1 d -1 ; compression.gzip.level
compression.lz4.level INT 1..17 d 9 ; compression.lz4.level
compression.type STRING =uncompressed,zstd,lz4,snappy,gzip,producer d producer ; compression.type
compression.zstd.level INT -131072..22 d 3 ; compression.zstd.level
delete.retention.ms LONG 0.. - 86400000 ; log.cleaner.delete.retention.ms
file.delete.delay.ms LONG 0.. - 60000 ; log.segment.delete.delay.ms
flush.messages LONG 1.. - 9223372036854775807 ; log.flush.interval.messages
flush.ms LONG 0.. - 9223372036854775807 ; log.flush.interval.ms,log.flush.scheduler.interval.ms
follower.replication.throttled.replicas LIST - -
index.interval.bytes INT 0.. - 4096 ; log.index.interval.bytes
leader.replication.throttled.replicas LIST - -
local.retention.bytes LONG -2.. - -2 ; log.local.retention.bytes
local.retention.ms LONG -2.. - -2 ; log.local.retention.ms
max.compaction.lag.ms LONG 1.. - 9223372036854775807 ; log.cleaner.max.compaction.lag.ms
max.message.bytes INT 0.. - 1048588 ; message.max.bytes
message.timestamp.after.max.ms LONG 0.. - 3600000 ; log.message.timestamp.after.max.ms
message.timestamp.before.max.ms LONG 0.. - 9223372036854775807 ; log.message.timestamp.before.max.ms
message.timestamp.type STRING =CreateTime,LogAppendTime - CreateTime ; log.message.timestamp.type
min.cleanable.dirty.ratio DOUBLE 0..1 - 0.5 ; log.cleaner.min.cleanable.ratio
min.compaction.lag.ms LONG 0.. - 0 ; log.cleaner.min.compaction.lag.ms
min.insync.replicas INT 1.. d 1 ; min.insync.replicas
preallocate BOOLEAN - - false ; log.preallocate
remote.log.copy.disable BOOLEAN - - false
remote.log.delete.on.disable BOOLEAN - - false
remote.storage.enable BOOLEAN - - false
retention.bytes LONG - - -1 ; log.retention.bytes
retention.ms LONG -1.. - 604800000 ; log.retention.ms,log.retention.minutes,log.retention.hours
segment.bytes INT 1048576.. - 1073741824 ; log.segment.bytes
segment.index.bytes INT 4.. - 10485760 ; log.index.size.max.bytes
segment.jitter.ms LONG 0.. - 0 ; log.roll.jitter.ms,log.roll.jitter.hours
segment.ms LONG 1.. - 604800000 ; log.roll.ms,log.roll.hours
unclean.leader.election.enable BOOLEAN - d false ; unclean.leader.election.enable
`;
