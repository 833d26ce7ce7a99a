import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { apacheKafkaFolder } from "../apache-kafka.ts";

/** Kafka's commands, by the names of their scripts. */
export const commandClasses = {
  "kafka-topics.sh": "org.apache.kafka.tools.TopicCommand",
  "kafka-acls.sh": "org.apache.kafka.tools.AclCommand",
  "kafka-configs.sh": "kafka.admin.ConfigCommand",
  "kafka-console-producer.sh": "org.apache.kafka.tools.ConsoleProducer",
  "kafka-console-consumer.sh": "org.apache.kafka.tools.consumer.ConsoleConsumer",
  "kafka-console-share-consumer.sh": "org.apache.kafka.tools.consumer.ConsoleShareConsumer",
  "kafka-consumer-groups.sh": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
  "kafka-share-groups.sh": "org.apache.kafka.tools.consumer.group.ShareGroupCommand",
  "kafka-streams-groups.sh": "org.apache.kafka.tools.streams.StreamsGroupCommand",
  "kafka-groups.sh": "org.apache.kafka.tools.GroupsCommand",
  "kafka-log-dirs.sh": "org.apache.kafka.tools.LogDirsCommand",
  "kafka-dump-log.sh": "org.apache.kafka.tools.DumpLogSegments",
  "kafka-get-offsets.sh": "org.apache.kafka.tools.GetOffsetShell",
  "kafka-delete-records.sh": "org.apache.kafka.tools.DeleteRecordsCommand",
  "kafka-transactions.sh": "org.apache.kafka.tools.TransactionsCommand",
  "kafka-features.sh": "org.apache.kafka.tools.FeatureCommand",
  "kafka-cluster.sh": "org.apache.kafka.tools.ClusterTool",
  "kafka-metadata-quorum.sh": "org.apache.kafka.tools.MetadataQuorumCommand",
  "kafka-leader-election.sh": "org.apache.kafka.tools.LeaderElectionCommand",
  "kafka-reassign-partitions.sh": "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
  "kafka-broker-api-versions.sh": "org.apache.kafka.tools.BrokerApiVersionsCommand",
  "kafka-client-metrics.sh": "org.apache.kafka.tools.ClientMetricsCommand",
  "kafka-delegation-tokens.sh": "org.apache.kafka.tools.DelegationTokenCommand",
  "kafka-verifiable-producer.sh": "org.apache.kafka.tools.VerifiableProducer",
  "kafka-verifiable-consumer.sh": "org.apache.kafka.tools.VerifiableConsumer",
  "kafka-verifiable-share-consumer.sh": "org.apache.kafka.tools.VerifiableShareConsumer",
  "kafka-producer-perf-test.sh": "org.apache.kafka.tools.ProducerPerformance",
  "kafka-consumer-perf-test.sh": "org.apache.kafka.tools.ConsumerPerformance",
  "kafka-e2e-latency.sh": "org.apache.kafka.tools.EndToEndLatency",
} as const;

export type CommandName = keyof typeof commandClasses;

/** A folder with `bin/`, as an installation of Apache Kafka has it, over the jars that are here. */
export function writeKafkaScripts(folder: string): void {
  const library = execFileSync(join(apacheKafkaFolder, "get"), { encoding: "utf8" }).trim();
  const settings = join(apacheKafkaFolder, "log4j2.properties");
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  for (const [name, main] of Object.entries(commandClasses)) {
    const java = `java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx256m -Xshare:auto`;
    const logs = `-Dlog4j2.configurationFile=${settings} -Dmillrace.log=/dev/null`;
    const script = `#!/bin/sh\nexec ${java} ${logs} -cp '${library}/*' ${main} "$@"\n`;
    writeFileSync(join(bin, name), script);
    chmodSync(join(bin, name), 0o755);
  }
}
