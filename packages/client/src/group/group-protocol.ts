import type { GroupMembershipOptions } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";
import type { JoinGroupResponse } from "@millrace/protocol/definitions";

/** What is the same of all kinds of groups. */
export type GroupSettings = Omit<GroupMembershipOptions, "assignors" | "topics">;

/** What one kind of group says in its joins: consumers share partitions, registries choose their leader. */
export interface GroupProtocol {
  /** Kafka's `protocol_type`. */
  readonly type: string;
  /** Whether a member keeps its partitions while it joins again. */
  readonly keepsPartitions: boolean;
  /** As of now, in order of preference. */
  offers(
    member: OfferingMember,
  ): readonly { readonly name: string; readonly metadata: Uint8Array }[];
  /** What the member that leads the group gives to each; no assignments: they keep what they have. */
  lead(joined: JoinGroupResponse, signal: AbortSignal | undefined): Promise<GroupLead>;
}

/** What a member that joins again has kept, and since which generation; -1 and nothing for others. */
export interface OfferingMember {
  readonly generationId: number;
  readonly ownedPartitions: readonly TopicPartition[];
}

export interface GroupLead {
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[];
  /** The partitions of the members' topics that they were made for; 0: not there. */
  readonly counts: ReadonlyMap<string, number>;
}
