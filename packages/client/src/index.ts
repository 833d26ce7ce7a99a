export { Admin } from "./admin/admin.ts";
export type { GroupDescription, GroupListing, GroupMember } from "./admin/groups.ts";
export type { ConnectOptions } from "./connect-options.ts";
export { connect, KafkaClient } from "./kafka-client.ts";
