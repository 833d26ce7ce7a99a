/** What the broker's own properties are for, a line each: name, then text. Those that stand for a topic's are told by that one. */
const rows = `
add.partitions.to.txn.retry.backoff.max.ms How long a partition waits at most before it asks again whether a transaction may write to it, in milliseconds.
add.partitions.to.txn.retry.backoff.ms How long it waits the first time, in milliseconds.
advertised.listeners What clients are told to connect to, for each listener: NAME://HOST:PORT. Default: what is bound.
authorizer.class.name Empty: everybody may do everything. Kafka's StandardAuthorizer: what its rules allow.
auto.create.topics.enable Whether a topic that is asked for is made.
connection.failed.authentication.delay.ms How long a refusal of who signs in is held back, in milliseconds.
connections.max.idle.ms A connection that asks nothing for so long is closed, in milliseconds.
connections.max.reauth.ms How long a session by SASL lasts before the client has to sign in again, in milliseconds; 0: as long as its credentials.
default.replication.factor Replicas of a new topic. One broker has one of each.
delegation.token.expiry.check.interval.ms How often delegation tokens that have ended are removed, in milliseconds.
delegation.token.expiry.time.ms How long a delegation token lives unless it is renewed, in milliseconds.
delegation.token.max.lifetime.ms How long a delegation token lives at most, in milliseconds.
delegation.token.secret.key What delegation tokens are made of. Without it there are none; with another one all are worthless.
delete.topic.enable Whether topics can be deleted.
fetch.max.bytes Records that one fetch gets at most, in bytes; a single larger batch is still given.
group.consumer.assignors How consumer groups share out partitions: uniform, range; the first where a member does not say.
group.consumer.max.size Members of a consumer group at most.
group.consumer.migration.policy Whether groups may go over between the classic protocol and that of KIP-848: disabled, upgrade, downgrade or bidirectional.
group.consumer.regex.refresh.interval.ms How often the topics of a subscription by pattern are looked for again, in milliseconds.
group.coordinator.rebalance.protocols Which protocols of groups are served.
group.initial.rebalance.delay.ms How long a new classic group waits for more members, in milliseconds.
group.max.session.timeout.ms The longest session that a member of a classic group may ask for, in milliseconds.
group.max.size Members of a classic group at most.
group.min.session.timeout.ms The shortest session that a member of a classic group may ask for, in milliseconds.
group.share.initialize.retry.interval.ms After how long the state of share partitions that could not be begun is begun again, in milliseconds.
group.share.max.share.sessions Sessions of members of share groups at most.
group.share.max.size Members of a share group at most.
group.streams.max.size Members of a streams group at most.
listener.security.protocol.map What each listener speaks: NAME:PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.
listeners Where clients connect: NAME://HOST:PORT, several behind commas. Beyond this machine they need TLS and authentication.
log.cleaner.backoff.ms How long compaction rests where there is nothing to do, in milliseconds.
log.cleaner.dedupe.buffer.size Memory for the keys of the log that is compacted, in bytes.
log.cleaner.enable Whether logs are compacted.
log.cleaner.io.buffer.load.factor How full the memory for keys may become, of 1.
log.cleaner.io.buffer.size What compaction works on before others have their turn is an eighth of this, in bytes.
log.cleaner.io.max.bytes.per.second What compaction reads and writes at most, in bytes a second.
log.cleaner.threads 0: nothing is compacted. One log is compacted at a time, whatever is set.
log.flush.scheduler.interval.ms How often it is looked for logs whose flush.ms is over, in milliseconds. By default never.
log.initial.task.delay.ms How long after a start retention begins, in milliseconds.
log.retention.check.interval.ms How often it is looked for what retention takes away, in milliseconds.
max.connection.creation.rate Connections that may come in a second; more wait.
max.connections Connections at most, as far as the process may open files.
max.connections.per.ip Connections of one address at most.
max.connections.per.ip.overrides The same for single addresses: ADDRESS:COUNT, several behind commas.
max.incremental.fetch.session.cache.slots Sessions of fetching clients at most.
metadata.log.max.record.bytes.between.snapshots A snapshot of the metadata is written after so many bytes of changes.
metadata.log.max.snapshot.interval.ms A snapshot of changed metadata is written after so long, in milliseconds.
node.id The broker's id, which clients see.
num.partitions Partitions of a topic that is made without saying how many.
offset.metadata.max.bytes What a group may note beside an offset at most, in bytes.
offsets.retention.check.interval.ms How often it is looked for offsets that have expired, in milliseconds.
offsets.retention.minutes For how long offsets of a group without members are kept, in minutes.
offsets.topic.num.partitions Partitions of __consumer_offsets, from the first start on.
offsets.topic.segment.bytes Segments of __consumer_offsets, in bytes.
producer.id.expiration.check.interval.ms How often producers that have gone are forgotten, in milliseconds.
producer.id.expiration.ms After how long without a record a producer is forgotten, in milliseconds.
queued.max.request.bytes Requests that are received and not answered, of all connections, in bytes; beyond, large ones wait.
sasl.enabled.mechanisms How clients may sign in: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER; for a listener by its prefix.
sasl.jaas.config The users, or options, of a mechanism, for a listener and a mechanism by their prefix.
sasl.oauthbearer.clock.skew.seconds By how much the clock of who gives out tokens may differ, in seconds.
sasl.oauthbearer.expected.audience For whom tokens must have been given out; one of them is enough.
sasl.oauthbearer.expected.issuer Who must have given out tokens.
sasl.oauthbearer.jwks.endpoint.refresh.ms For how long the keys of tokens are kept before they are fetched again, in milliseconds.
sasl.oauthbearer.jwks.endpoint.url Where the keys of tokens are: https://… or file:///….
sasl.oauthbearer.sub.claim.name What in a token names who shows it.
sasl.server.max.receive.size The largest message of who signs in, in bytes.
share.coordinator.cold.partition.snapshot.interval.ms How often states of share partitions that nobody changes are written down anew, in milliseconds.
share.coordinator.snapshot.update.records.per.snapshot How many changes of a share partition's state follow a whole one.
share.coordinator.state.topic.num.partitions Partitions of __share_group_state, from the first start on.
share.coordinator.state.topic.prune.interval.ms How often what nothing needs any more of __share_group_state goes, in milliseconds.
share.coordinator.state.topic.segment.bytes Segments of __share_group_state, in bytes.
socket.request.max.bytes The largest request, in bytes; a larger one ends its connection.
ssl.cipher.suites Which ciphers TLS may use, by their IANA names. Default: those of Node.
ssl.client.auth Whether clients show a certificate: required, requested or none.
ssl.enabled.protocols Which versions of TLS are spoken: TLSv1.2, TLSv1.3.
ssl.key.password What opens the key.
ssl.keystore.certificate.chain The broker's certificate and those above it, as PEM in the property itself.
ssl.keystore.key The broker's key, as PEM in the property itself.
ssl.keystore.location The file with the broker's key and certificate. It is read again when it changes.
ssl.keystore.password What opens a PKCS12 store.
ssl.keystore.type PEM or PKCS12. A Java key store (JKS) has to be converted.
ssl.principal.mapping.rules How the subject of a client's certificate becomes a name: RULE:pattern/replacement/, or DEFAULT.
ssl.truststore.certificates Which authorities vouch for clients, as PEM in the property itself.
ssl.truststore.location The file with the authorities that vouch for clients, as PEM. It is read again when it changes.
ssl.truststore.password Refused: certificates that are trusted are PEM, which no password locks.
ssl.truststore.type PEM, and no other.
telemetry.max.bytes The largest set of metrics that a client may push, in bytes.
transaction.abort.timed.out.transaction.cleanup.interval.ms How often transactions whose time is over are aborted, in milliseconds.
transaction.max.timeout.ms The longest that a transaction may ask to be open, in milliseconds.
transaction.partition.verification.enable Whether records of a transaction are taken only where it has named the partition.
transaction.remove.expired.transaction.cleanup.interval.ms How often transactional ids that have expired are forgotten, in milliseconds.
transaction.state.log.min.isr Replicas of __transaction_state that must have a record, at most as many as there are: one.
transaction.state.log.num.partitions Partitions of __transaction_state, from the first start on.
transaction.state.log.segment.bytes Segments of __transaction_state, in bytes.
transactional.id.expiration.ms After how long without a transaction a transactional id is forgotten, in milliseconds.
`;

/** Why there is nothing behind the others, by what their names hold; the first that fits counts. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/^remote\.|^follower\.fetch|^log\.local/, "There is no tiered storage."],
  [
    /^replica\.|^replication\.|^num\.replica|^leader\.|^auto\.leader|^unclean|replication\.factor$|min\.isr$|^request\.timeout/,
    "With one broker nothing is replicated, and there is nobody else to elect.",
  ],
  [
    /^controller|^broker\.(heartbeat|session)|^initial\.broker|^process\.roles|^early\.start|^controlled|^server\.max|^metadata\.(max|log\.(dir|segment))|^internal\.metadata|^unstable/,
    "The one broker is its own controller, and its metadata are bounded by their snapshots.",
  ],
  [/inter\.broker/, "One broker speaks to no others."],
  [/^sasl\.kerberos/, "GSSAPI is not here; a mechanism from outside brings its own settings."],
  [
    /^sasl\.(client|login)|^sasl\.oauthbearer|^sasl\.mechanism/,
    "It is of those who sign in, and the broker signs in nowhere.",
  ],
  [
    /\.class(\.name|\.path)?$|\.classes$|^config\.providers|^security\.providers|\.reporters$/,
    "Classes of Java cannot be run here.",
  ],
  [/^socket\./, "The operating system's choice stands."],
  [/^ssl\.|^principal\.builder/, "TLS is Node's, which has no such choice."],
  [
    /threads$|purgatory|^queued\.max\.requests|linger|offload|buffer/,
    "One thread does the work here, and appends of one moment share a sync.",
  ],
  [/window|^metrics\.|^kafka\.metrics/, "Quotas and metrics are measured as with the default."],
  [
    /\.(min|max)\.|max\.(delivery|partition|record|standby)/,
    "Groups may be set to what the default bounds allow.",
  ],
  [/^log\.dir|^cordoned|^alter\.log/, "There is one folder, which --data says."],
  [/^log\.flush/, "Checkpoints are written every second."],
  [/compression\.codec$|preallocate|^offsets\.commit/, "As with the default."],
  [/./, "One node has no use for it."],
];

const texts: ReadonlyMap<string, string> = new Map(
  rows
    .trim()
    .split("\n")
    .map((row) => {
      const [name] = row.split(" ", 1);
      return [name, row.slice(name.length + 1)];
    }),
);

/** Those that have a text of their own. */
export const describedBrokerProperties: ReadonlySet<string> = new Set(texts.keys());

/** @param hasMeaning false: it is taken for the sake of tools and files of Kafka's */
export function brokerDocumentationOf(name: string, hasMeaning: boolean): string | undefined {
  const own = texts.get(name);
  if (own !== undefined || hasMeaning) return own;
  const [, reason = ""] = reasons.find(([names]) => names.test(name)) ?? [];
  return `Kept for tools. ${reason}`;
}
