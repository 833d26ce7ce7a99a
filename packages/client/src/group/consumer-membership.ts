import type { GroupMembership } from "@millrace/cluster";

/** A consumer's membership in its group, whatever the protocol. */
export interface ConsumerMembership extends GroupMembership {
  /** Generation, or epoch, of the member. */
  readonly generationId: number;
  /** Lets the others have the partitions until it joins again. */
  giveUp(reason: string): void;
}
