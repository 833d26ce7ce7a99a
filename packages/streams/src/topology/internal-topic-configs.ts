/** Kafka's topic configs of a repartition topic: nothing is deleted but by the application itself. */
export const repartitionConfigs: Readonly<Record<string, string>> = Object.freeze({
  "cleanup.policy": "delete",
  "message.timestamp.type": "CreateTime",
  "retention.ms": "-1",
  "segment.bytes": "52428800",
});
