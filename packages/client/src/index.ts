export type { Acl, AclFilter } from "./admin/acls.ts";
export { Admin } from "./admin/admin.ts";
export type { ClientQuota, ClientQuotaChange, QuotaEntity } from "./admin/client-quotas.ts";
export type {
  ConfigChange,
  ConfigDescription,
  ConfigEntry,
  ConfigResource,
  ConfigSource,
} from "./admin/configs.ts";
export type { DelegationToken, NewDelegationToken, TokenEnd } from "./admin/delegation-tokens.ts";
export type { GroupDescription, GroupMember } from "./admin/group-description.ts";
export type { MemberToRemove } from "./admin/remove-members.ts";
export type { GroupListing } from "./admin/groups.ts";
export type { FoundOffset, IsolationLevel, WantedOffset } from "./admin/list-offsets.ts";
export type { LogDirectoryDescription } from "./admin/log-directories.ts";
export type {
  ScramDeletion,
  ScramMechanism,
  ScramUpsertion,
  ScramUser,
} from "./admin/scram-credentials.ts";
export type {
  ProducerState,
  TransactionDescription,
  TransactionListing,
  TransactionToAbort,
} from "./admin/transactions.ts";
export { connectOptionTable, type ConnectOptions } from "./connect-options.ts";
export { consumerOptionTable, type ConsumerOptions } from "./consumer/consumer-options.ts";
export type { RebalanceListener } from "./consumer/rebalance-listener.ts";
export { Consumer } from "./consumer/consumer.ts";
export {
  RecordDeserializationError,
  type ConsumerRecord,
  type DeserializationPolicy,
} from "./consumer/record-decoder.ts";
export { rangeAssignor, roundRobinAssignor } from "./group/assignors.ts";
export { cooperativeStickyAssignor } from "./group/cooperative-sticky-assignor.ts";
export type { GroupSeat, GroupSeatMember, GroupSeatOptions } from "./group/group-seat.ts";
export { connect, KafkaClient } from "./kafka-client.ts";
export type { PlainField, ProducerRecord } from "./producer/encode-record.ts";
export { producerOptionTable, type ProducerOptions } from "./producer/producer-options.ts";
export { Producer, type RecordMetadata } from "./producer/producer.ts";
export type { TopicHandle } from "./topic-handle.ts";
export type { BearerToken, BearerTokenProvider } from "./security/oauth-bearer-client.ts";
export type { SaslClientExchange, SaslClientMechanism, SaslPlace } from "./security/sasl-client.ts";
export type { SaslOptions, SslOptions } from "./security/security-options.ts";
