import type { NewTopic } from "@millrace/cluster";

export const partitionCount = 2;
export const group = "readers";
/** Everything stays; what is young stays; the last line of each key stays. */
export const keptTopic = "kept";
export const shortTopic = "short";
export const compactedTopic = "compacted";

/** The least that a broker takes. */
export const offsetsRetentionMinutes = 1;
export const shortRetentionMs = 1500;

/** All are read and judged. */
export const topics: readonly NewTopic[] = [
  { name: keptTopic, partitionCount, configs: { "segment.ms": "1000", "retention.ms": "-1" } },
  {
    name: shortTopic,
    partitionCount,
    configs: { "segment.ms": "300", "retention.ms": `${shortRetentionMs}` },
  },
  {
    name: compactedTopic,
    partitionCount,
    configs: {
      "cleanup.policy": "compact",
      "segment.ms": "300",
      "min.cleanable.dirty.ratio": "0.01",
      "delete.retention.ms": "100",
    },
  },
];

/** Whoever writes to it is forbidden to, now and then. Nobody reads it. */
export const guardedTopic = "guarded";

/** So that upkeep has its turn while the broker lives. */
export const brokerProperties = {
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "allow.everyone.if.no.acl.found": "true",
  "group.initial.rebalance.delay.ms": 0,
  "offsets.retention.minutes": offsetsRetentionMinutes,
  "offsets.retention.check.interval.ms": 5000,
  "offsets.topic.num.partitions": 2,
  "transaction.state.log.num.partitions": 2,
  "log.initial.task.delay.ms": 100,
  "log.retention.check.interval.ms": 200,
  "log.cleaner.backoff.ms": 100,
  "log.segment.delete.delay.ms": 100,
  "transaction.abort.timed.out.transaction.cleanup.interval.ms": 500,
  "metadata.log.max.record.bytes.between.snapshots": 500,
  // Members are heard of between two deaths, and forgotten soon.
  "group.min.session.timeout.ms": 1000,
  "group.consumer.min.session.timeout.ms": 1000,
  "group.consumer.session.timeout.ms": 2000,
  "group.consumer.min.heartbeat.interval.ms": 100,
  "group.consumer.heartbeat.interval.ms": 100,
  "group.consumer.assignment.interval.ms": 0,
} as const;
