/** Settings of brokers such that a member that went without a word is soon out of its group, and no input gets old. */
export const quickGroups = {
  "group.initial.rebalance.delay.ms": 0,
  "group.min.session.timeout.ms": 1000,
  "log.retention.check.interval.ms": 3_600_000,
  "log.initial.task.delay.ms": 3_600_000,
  "log.cleaner.backoff.ms": 3_600_000,
};

/** Of a member, in the parameters of both kinds of application. Kafka's does not leave its group when it is closed. */
export const quickMember = [
  "--set",
  "consumer.session.timeout.ms=4000",
  "--set",
  "consumer.heartbeat.interval.ms=500",
  // Many applications on few cores may stand still for longer than a transaction may take by default, which ends them.
  "--set",
  "producer.transaction.timeout.ms=60000",
];
