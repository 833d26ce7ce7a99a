export { Admin } from "./admin/admin.ts";
export type { GroupDescription, GroupListing, GroupMember } from "./admin/groups.ts";
export type { FoundOffset, IsolationLevel, WantedOffset } from "./admin/list-offsets.ts";
export type { ConnectOptions } from "./connect-options.ts";
export { Consumer, type ConsumerOptions, type ConsumerRecord } from "./consumer/consumer.ts";
export { rangeAssignor, roundRobinAssignor } from "./group/assignors.ts";
export { connect, KafkaClient } from "./kafka-client.ts";
export {
  Producer,
  type ProducerOptions,
  type ProducerRecord,
  type RecordMetadata,
} from "./producer/producer.ts";
