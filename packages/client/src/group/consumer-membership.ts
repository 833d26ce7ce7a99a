import type { GroupMembership } from "@millrace/cluster";

/** A consumer's membership in its group, whatever the protocol. */
export interface ConsumerMembership extends GroupMembership {
  /** Lets the others have the partitions until it joins again. */
  giveUp(reason: string): void;
}
