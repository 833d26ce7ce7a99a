import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { writeKafkaScripts } from "./kafka-scripts.ts";
import { type Checks, runChecks } from "./shell-checks.ts";
import type { SignIn, Suite, Target } from "./suite.ts";
import { user } from "./targets.ts";

const timeoutMs = 1_200_000;

const modules = "org.apache.kafka.common.security";
/** Of the shell: the listeners' addresses. */
const addressVariables = { SASL_SSL: "B", SASL_PLAINTEXT: "S" } as const;

/**
 * What people type: each check is a few lines of a shell, with `$b` for `--bootstrap-server` and its address, and `$t`
 * for a topic of its own that is there. It passes if every line does, and the last one.
 */
const commonChecks: Checks = {
  "kafka-topics create, describe, list": `
    kafka-topics.sh $b --create --topic $t-new --partitions 3 --config retention.ms=60000
    kafka-topics.sh $b --describe --topic $t-new | grep 'PartitionCount: 3.*retention.ms=60000'
    kafka-topics.sh $b --list | grep -x $t-new`,
  "kafka-topics alter": `
    kafka-topics.sh $b --alter --topic $t --partitions 5
    kafka-topics.sh $b --describe --topic $t | grep 'PartitionCount: 5'`,
  "kafka-topics delete": `
    kafka-topics.sh $b --delete --topic $t
    ! kafka-topics.sh $b --list | grep -x $t`,
  "kafka-topics describe of a topic that is not there": `
    kafka-topics.sh $b --describe --topic $t-none 2>&1 | grep 'does not exist'`,
  "kafka-console-producer, -consumer": `
    printf 'a:1\\nb:2\\n' | kafka-console-producer.sh $b --topic $t --reader-property parse.key=true --reader-property key.separator=:
    kafka-console-consumer.sh $b --topic $t --from-beginning --max-messages 2 --timeout-ms 20000 \\
      --formatter-property print.key=true | sort | tr '\\n\\t' '; ' | grep 'a 1;b 2;'`,
  "kafka-console-producer with all codecs": `
    for codec in gzip snappy lz4 zstd; do echo $codec | kafka-console-producer.sh $b --topic $t --compression-codec $codec; done
    kafka-console-consumer.sh $b --topic $t --from-beginning --max-messages 4 --timeout-ms 20000 | sort | tr '\\n' ' ' | grep 'gzip lz4 snappy zstd'`,
  "kafka-consumer-groups describe, reset, delete": `
    printf '1\\n2\\n3\\n' | kafka-console-producer.sh $b --topic $t
    kafka-console-consumer.sh $b --topic $t --from-beginning --max-messages 3 --timeout-ms 20000 --group $t
    kafka-consumer-groups.sh $b --describe --group $t | grep "$t *0 *3 *3 *0"
    kafka-consumer-groups.sh $b --group $t --topic $t --reset-offsets --to-earliest --execute | grep "$t *0 *0"
    kafka-consumer-groups.sh $b --describe --group $t | grep "$t *0 *0 *3 *3"
    kafka-consumer-groups.sh $b --delete --group $t | grep successful
    ! kafka-consumer-groups.sh $b --list | grep -x $t`,
  "kafka-console-consumer in a group of KIP-848": `
    printf '1\\n2\\n3\\n' | kafka-console-producer.sh $b --topic $t
    kafka-console-consumer.sh $b --topic $t --from-beginning --max-messages 3 --timeout-ms 20000 --group $t --command-property group.protocol=consumer
    kafka-consumer-groups.sh $b --describe --group $t --state | grep -i empty`,
  "kafka-groups list": `
    echo 1 | kafka-console-producer.sh $b --topic $t
    kafka-console-consumer.sh $b --topic $t --from-beginning --max-messages 1 --timeout-ms 20000 --group $t
    kafka-groups.sh $b --list | grep "$t .*Classic"`,
  "kafka-configs of a topic": `
    kafka-configs.sh $b --alter --entity-type topics --entity-name $t --add-config retention.ms=1000,cleanup.policy=compact
    kafka-configs.sh $b --describe --entity-type topics --entity-name $t | grep 'cleanup.policy=compact .*DYNAMIC_TOPIC_CONFIG'
    kafka-configs.sh $b --alter --entity-type topics --entity-name $t --delete-config retention.ms
    ! kafka-configs.sh $b --describe --entity-type topics --entity-name $t | grep retention.ms=1000`,
  "kafka-configs of the broker": `
    kafka-configs.sh $b --alter --entity-type brokers --entity-name 0 --add-config log.cleaner.backoff.ms=14000
    kafka-configs.sh $b --describe --entity-type brokers --entity-name 0 | grep log.cleaner.backoff.ms=14000
    kafka-configs.sh $b --alter --entity-type brokers --entity-default --add-config message.max.bytes=2000000
    kafka-configs.sh $b --describe --entity-type brokers --entity-default | grep message.max.bytes=2000000
    kafka-configs.sh $b --describe --all --entity-type brokers --entity-name 0 | grep 'num.io.threads='`,
  "kafka-configs of users' credentials": `
    kafka-configs.sh $b --alter --entity-type users --entity-name $t --add-config 'SCRAM-SHA-256=[password=secret-of-ann]'
    kafka-configs.sh $b --describe --entity-type users --entity-name $t | grep 'SCRAM-SHA-256=iterations=4096'
    kafka-configs.sh $b --alter --entity-type users --entity-name $t --delete-config SCRAM-SHA-256`,
  "kafka-configs of quotas": `
    kafka-configs.sh $b --alter --entity-type clients --entity-name $t --add-config producer_byte_rate=10000
    kafka-configs.sh $b --describe --entity-type clients --entity-name $t | grep 'producer_byte_rate=10000'`,
  "kafka-configs of a group": `
    kafka-configs.sh $b --alter --entity-type groups --entity-name $t --add-config consumer.session.timeout.ms=50000
    kafka-configs.sh $b --describe --entity-type groups --entity-name $t | grep consumer.session.timeout.ms=50000`,
  "kafka-acls add, list, remove": `
    kafka-acls.sh $b --add --allow-principal User:ann --producer --topic $t
    kafka-acls.sh $b --list --topic $t | grep 'principal=User:ann.*operation=WRITE.*ALLOW'
    kafka-acls.sh $b --remove --force --allow-principal User:ann --producer --topic $t
    ! kafka-acls.sh $b --list --topic $t | grep User:ann`,
  "kafka-log-dirs": `
    echo 1 | kafka-console-producer.sh $b --topic $t
    kafka-log-dirs.sh $b --describe --topic-list $t | grep "\\"partition\\":\\"$t-0\\""`,
  "kafka-get-offsets, kafka-delete-records": `
    printf '1\\n2\\n3\\n' | kafka-console-producer.sh $b --topic $t
    kafka-get-offsets.sh $b --topic $t | grep -x $t:0:3
    echo '{"partitions":[{"topic":"'$t'","partition":0,"offset":2}],"version":1}' >$t.json
    kafka-delete-records.sh $b --offset-json-file $t.json | grep 'low_watermark: 2'
    kafka-get-offsets.sh $b --topic $t --time earliest | grep -x $t:0:2`,
  "kafka-verifiable-producer, -consumer": `
    kafka-verifiable-producer.sh $b --topic $t --max-messages 1000 --acks -1 | grep '"acked":1000'
    kafka-verifiable-consumer.sh $b --topic $t --group-id $t --max-messages 1000 | grep '"name":"shutdown_complete"'`,
  "kafka-transactions": `
    kafka-transactions.sh $b list | grep TransactionalId
    echo 1 | kafka-console-producer.sh $b --topic $t
    kafka-transactions.sh $b describe-producers --topic $t --partition 0 | grep ProducerId
    kafka-transactions.sh $b find-hanging --broker-id 0 | grep LastTimestamp`,
  "kafka-features": `kafka-features.sh $b describe | grep 'Feature: metadata.version'`,
  "kafka-cluster": `
    kafka-cluster.sh cluster-id $b | grep 'Cluster ID'
    kafka-cluster.sh list-endpoints $b | grep 127.0.0.1`,
  "kafka-metadata-quorum": `
    kafka-metadata-quorum.sh $b describe --status | grep 'LeaderId: *0'
    kafka-metadata-quorum.sh $b describe --replication | grep Leader`,
  "kafka-leader-election": `
    kafka-leader-election.sh $b --election-type preferred --topic $t --partition 0 2>&1 | grep -i 'valid replica already elected'`,
  "kafka-reassign-partitions": `
    kafka-reassign-partitions.sh $b --list | grep 'No partition reassignments found'
    echo '{"version":1,"partitions":[{"topic":"'$t'","partition":0,"replicas":[0]}]}' >$t.json
    kafka-reassign-partitions.sh $b --reassignment-json-file $t.json --execute | grep -i 'successfully started'
    kafka-reassign-partitions.sh $b --reassignment-json-file $t.json --verify | grep 'is completed'`,
  "kafka-broker-api-versions": `kafka-broker-api-versions.sh $b | grep 'Produce(0)'`,
  "kafka-client-metrics": `
    kafka-client-metrics.sh $b --alter --name $t --metrics org.apache.kafka.producer. --interval 30000
    kafka-client-metrics.sh $b --describe --name $t | grep interval.ms=30000
    kafka-client-metrics.sh $b --delete --name $t`,
  "kafka-producer-perf-test, kafka-consumer-perf-test": `
    kafka-producer-perf-test.sh --topic $t --num-records 20000 --record-size 100 --throughput -1 $b | grep '20000 records sent'
    kafka-consumer-perf-test.sh $b --topic $t --num-records 20000 | grep ', 20000,'`,
  "kafka-streams-groups": `kafka-streams-groups.sh $b --list`,
  "kafka-share-groups, kafka-console-share-consumer": `
    kafka-configs.sh $b --alter --entity-type groups --entity-name $t --add-config share.auto.offset.reset=earliest
    echo one | kafka-console-producer.sh $b --topic $t
    kafka-console-share-consumer.sh $b --topic $t --group $t --max-messages 1 --timeout-ms 20000 | grep one
    kafka-share-groups.sh $b --describe --group $t | grep $t`,
};

const openChecks: Checks = {
  ...commonChecks,
  "kafka-delegation-tokens are off": `
    kafka-delegation-tokens.sh $b --describe --owner-principal User:ann 2>&1 | grep -i 'delegation token'`,
};

const usual: SignIn = { protocol: "SASL_SSL", mechanism: "SCRAM-SHA-512" };
const others: readonly SignIn[] = (["PLAIN", "SCRAM-SHA-256", "OAUTHBEARER"] as const).flatMap(
  (mechanism) =>
    (["SASL_SSL", "SASL_PLAINTEXT"] as const).map((protocol) => ({ protocol, mechanism })),
);

const secureChecks: Checks = {
  ...commonChecks,
  "kafka-delegation-tokens create, describe, renew, expire": `
    kafka-delegation-tokens.sh $b --create --max-life-time-period -1 --renewer-principal User:ann >$t.made
    hmac=$(awk 'length($1) == 22 && $2 ~ /=$/ {print $2}' $t.made)
    kafka-delegation-tokens.sh $b --describe --owner-principal User:$user | grep -F "$hmac"
    kafka-delegation-tokens.sh $b --renew --renew-time-period 60000 --hmac $hmac | grep -i 'expiry date'
    kafka-delegation-tokens.sh $b --expire --expiry-time-period -1 --hmac $hmac
    ! kafka-delegation-tokens.sh $b --describe --owner-principal User:$user | grep -F "$hmac"`,
  "a delegation token lets its owner in": `
    kafka-delegation-tokens.sh $b --create --max-life-time-period -1 >$t.made
    id=$(awk 'length($1) == 22 && $2 ~ /=$/ {print $1}' $t.made)
    hmac=$(awk 'length($1) == 22 && $2 ~ /=$/ {print $2}' $t.made)
    grep -v jaas $config >$t.properties
    echo "sasl.jaas.config=$modules.scram.ScramLoginModule required username=\\"$id\\" password=\\"$hmac\\" tokenauth=\\"true\\";" >>$t.properties
    kafka-topics.sh --bootstrap-server $B --command-config $t.properties --list | grep -x $t`,
  "a wrong password is refused": `
    sed 's/password="[^"]*"/password="wrong"/' $config >$t.properties
    kafka-topics.sh --bootstrap-server $B --command-config $t.properties --list 2>&1 | grep -i 'authentication failed'`,
  ...Object.fromEntries(
    others.map((signIn) => [
      `${signIn.protocol} with ${signIn.mechanism}`,
      `
    s="--bootstrap-server $${addressVariables[signIn.protocol]} --command-config ${fileOf(signIn)}"
    echo one | kafka-console-producer.sh $s --topic $t
    kafka-console-consumer.sh $s --topic $t --from-beginning --max-messages 1 --timeout-ms 20000 --group $t | grep one
    kafka-consumer-groups.sh $s --describe --group $t | grep "$t *0 *1 *1 *0"`,
    ]),
  ),
};

/** Kafka's own commands, as its scripts run them. */
export const javaConsoles: Suite = {
  name: "java-consoles",
  title: "Apache Kafka's commands 4.3.1",
  program: "java",
  properties: {},
  timeoutMs,
  run: (target, only) =>
    inFolder((folder) => {
      const b = `--bootstrap-server ${target.address}`;
      return runChecks(openChecks, { folder, env: envOf(folder, target, b), only });
    }),
};

/** The same, where they sign in. */
export const secureJavaConsoles: Suite = {
  name: "java-consoles-secure",
  title: "Apache Kafka's commands 4.3.1 by SASL",
  program: "java",
  signIn: usual,
  properties: { "delegation.token.secret.key": "a secret of all brokers" },
  timeoutMs,
  run: (target, only) =>
    inFolder((folder) => {
      for (const signIn of [usual, ...others])
        writeFileSync(join(folder, fileOf(signIn)), propertiesOf(signIn, target));
      const config = fileOf(usual);
      const b = `--bootstrap-server ${target.address} --command-config ${config}`;
      const more = { config, modules, user: user.name };
      return runChecks(secureChecks, {
        folder,
        env: { ...envOf(folder, target, b), ...more },
        only,
      });
    }),
};

function envOf(folder: string, target: Target, b: string) {
  return {
    PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`,
    B: target.address,
    S: target.saslAddress,
    b,
    create: `kafka-topics.sh ${b} --create --partitions 1 --topic`,
  };
}

function fileOf({ protocol, mechanism }: SignIn): string {
  return `${protocol}-${mechanism}.properties`;
}

function propertiesOf({ protocol, mechanism }: SignIn, { authorityFile }: Target): string {
  const login = `required username="${user.name}" password="${user.password}";`;
  const lines = {
    PLAIN: `plain.PlainLoginModule ${login}`,
    "SCRAM-SHA-256": `scram.ScramLoginModule ${login}`,
    "SCRAM-SHA-512": `scram.ScramLoginModule ${login}`,
    OAUTHBEARER: `oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="${user.name}";`,
  };
  const handler = `${modules}.oauthbearer.internals.unsecured.OAuthBearerUnsecuredLoginCallbackHandler`;
  return [
    `security.protocol=${protocol}`,
    `sasl.mechanism=${mechanism}`,
    `sasl.jaas.config=${modules}.${lines[mechanism]}`,
    ...(mechanism === "OAUTHBEARER" ? [`sasl.login.callback.handler.class=${handler}`] : []),
    "ssl.truststore.type=PEM",
    `ssl.truststore.location=${authorityFile}`,
    "",
  ].join("\n");
}

async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-consoles-"));
  try {
    writeKafkaScripts(folder);
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
