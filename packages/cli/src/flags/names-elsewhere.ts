/**
 * What other tools call our flags: those of Kafka, kcat, rpk and the like. They are not taken, since their values may mean
 * something else, but who gives one is told ours.
 */
export const namesElsewhere: Readonly<Record<string, readonly string[]>> = {
  "bootstrap-server": [
    "cluster",
    "broker",
    "brokers",
    "broker-list",
    "server",
    "servers",
    "address",
  ],
  "from-beginning": ["beginning", "earliest", "from-start"],
  "if-not-exists": ["ignore-existing"],
  "key-separator": ["key-delimiter", "key.separator"],
  "log-level": ["verbose", "verbosity", "loglevel"],
  "replication-factor": ["replicas", "replication"],
  "to-datetime": ["to-timestamp", "to-time"],
  "to-end": ["exit", "end", "until-end", "once"],
  config: ["property", "properties", "topic-config", "config-file"],
  count: ["max-messages", "max-records", "messages", "records", "limit", "num"],
  data: ["data-dir", "dir", "directory", "folder", "log-dirs", "log.dirs", "path"],
  execute: ["apply", "yes", "force", "confirm"],
  group: ["group-id", "group.id", "consumer-group"],
  header: ["headers"],
  headers: ["print-headers", "print.headers"],
  host: ["listen", "bind", "hostname"],
  isolation: ["isolation-level", "isolation.level"],
  key: ["key-format", "key-serializer", "key-deserializer", "key-serde"],
  keys: ["print-key", "print-keys", "print.key"],
  offset: ["start-offset", "from-offset", "offset-reset"],
  partitions: ["partition-count", "num-partitions"],
  timestamps: ["print-timestamp", "print-timestamps", "print.timestamp", "time"],
  topic: ["topics", "topic-name"],
  value: ["value-format", "value-serializer", "value-deserializer", "value-serde", "format"],
};
