import { brokerDocumentationOf } from "./broker-config-documentation.ts";
import type { ConfigDefinition } from "./config-definition.ts";
import { groupConfigDefinitions } from "./group-config.ts";
import { topicConfigDefinitions } from "./topic-config.ts";

/** What the properties of topics, groups and metrics subscriptions are for, a line each: name, then text. */
const rows = `
cleanup.policy What becomes of old records: delete takes segments away by age and size, compact keeps the newest record of each key; both may be set, or none.
compression.gzip.level How hard gzip tries, from 1 to 9; -1 is its own choice. Counts where compression.type is gzip.
compression.lz4.level How hard lz4 tries. Taken for the sake of tools: the library here packs lz4 in one way, whatever is set.
compression.type How batches are kept: producer keeps what comes, uncompressed and the codecs have the broker write batches anew that come otherwise.
compression.zstd.level How hard zstd tries, up to 22. Counts where compression.type is zstd.
delete.retention.ms For how long after compaction came by a deleted key can still be seen as deleted, in milliseconds.
file.delete.delay.ms For how long files of segments that were taken away stay on the disk, in milliseconds.
flush.messages After so many records an append waits for the disk, whatever the durability of the broker is.
flush.ms Records that have waited for so long are synced, in milliseconds, where log.flush.scheduler.interval.ms has it looked for; with the durability group, and strict, they are synced at once.
follower.replication.throttled.replicas Kept for tools. With one broker there are no followers to hold back.
index.interval.bytes An index has an entry for about so many bytes of records.
leader.replication.throttled.replicas Kept for tools. With one broker there are no followers to hold back.
local.retention.bytes Kept for tools. There is no tiered storage.
local.retention.ms Kept for tools. There is no tiered storage.
max.compaction.lag.ms Records that are older are compacted however few there are, in milliseconds.
max.message.bytes The largest batch that is taken, in bytes.
message.timestamp.after.max.ms How far after the broker's time a record's time may lie, in milliseconds.
message.timestamp.before.max.ms How far before the broker's time a record's time may lie, in milliseconds.
message.timestamp.type Whether records have the time that producers give them (CreateTime) or that of the append (LogAppendTime).
min.cleanable.dirty.ratio Compaction comes by once so much of the log was never compacted, from 0 to 1.
min.compaction.lag.ms Younger records are not compacted, in milliseconds.
min.insync.replicas Replicas that must have a record before acks=all is answered, at most as many as there are: one.
preallocate Kept for tools. Files grow as they are written.
remote.log.copy.disable Kept for tools. There is no tiered storage.
remote.log.delete.on.disable Kept for tools. There is no tiered storage.
remote.storage.enable Must be false: there is no tiered storage.
retention.bytes A partition's oldest segments are taken away while it is larger, in bytes; -1 sets no bound.
retention.ms Segments whose records are all older are taken away, in milliseconds; -1 keeps them for ever.
segment.bytes A segment is closed before it grows larger, in bytes.
segment.index.bytes A segment is closed once one of its indexes is full, in bytes.
segment.jitter.ms By up to so much a segment is closed earlier, by chance, so that not all are closed at once, in milliseconds.
segment.ms A segment is closed once its records span so long, in milliseconds.
unclean.leader.election.enable Kept for tools. With one replica there is nobody else to elect.
consumer.assignment.interval.ms How long a group waits at least between two assignments, in milliseconds.
consumer.heartbeat.interval.ms How often members of a consumer group are to be heard of, in milliseconds.
consumer.session.timeout.ms A member of a consumer group that is silent for so long is put out, in milliseconds.
share.assignment.interval.ms How long a group waits at least between two assignments, in milliseconds.
share.auto.offset.reset Where a share group begins with a partition: latest, earliest, or by_duration: and an ISO 8601 duration.
share.delivery.count.limit How often a record is handed out at most.
share.heartbeat.interval.ms How often members of a share group are to be heard of, in milliseconds.
share.isolation.level Whether records of open and aborted transactions are handed out (read_uncommitted) or not (read_committed).
share.partition.max.record.locks How many records of a partition are under way at most.
share.record.lock.duration.ms For how long a record is one member's alone, in milliseconds.
share.renew.acknowledge.enable Whether a member may have a record for longer by renewing it.
share.session.timeout.ms A member of a share group that is silent for so long is put out, in milliseconds.
streams.assignment.interval.ms How long a group waits at least between two assignments, in milliseconds.
streams.heartbeat.interval.ms How often members of a streams group are to be heard of, in milliseconds.
streams.initial.rebalance.delay.ms How long a new group waits for more members before tasks are assigned, in milliseconds.
streams.num.standby.replicas How many copies of each state store are kept warm besides the one in use.
streams.session.timeout.ms A member of a streams group that is silent for so long is put out, in milliseconds.
interval.ms How often clients send the metrics that they are asked for, in milliseconds.
match Which clients are asked: selector=pattern, such as client_id=app.*; all of them must match.
metrics Which metrics clients are asked for, by the beginnings of their names; * asks for all.
`;

const texts: ReadonlyMap<string, string> = new Map(
  rows
    .trim()
    .split("\n")
    .map((row) => {
      const [name] = row.split(" ", 1);
      return [name, row.slice(name.length + 1)];
    }),
);

/** Of the broker's own properties those that stand for a topic's or a group's are described by that one. */
export function documentationOf({ name, hasMeaning }: ConfigDefinition): string | null {
  const own = texts.get(name);
  if (own !== undefined) return own;
  for (const definitions of [topicConfigDefinitions, groupConfigDefinitions])
    for (const { name: described, brokerProperties } of definitions.values())
      if (brokerProperties.includes(name))
        return `Stands for ${described} where that is not set. ${texts.get(described) ?? ""}`;
  return brokerDocumentationOf(name, hasMeaning) ?? null;
}
