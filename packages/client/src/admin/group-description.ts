import type { TopicPartition } from "@millrace/model";
import type { GroupListing } from "./groups.ts";

export interface GroupDescription extends GroupListing {
  /** The assignor that the members agreed upon, or the broker has; empty for streams groups. */
  readonly assignor: string;
  readonly members: readonly GroupMember[];
}

export interface GroupMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** Of a member of a streams group, the inputs of its active tasks. Empty where the group shares out no partitions. */
  readonly partitions: readonly TopicPartition[];
}
