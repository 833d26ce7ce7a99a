import type { GroupMembershipOptions } from "@millrace/cluster";
import type { JoinGroupResponse } from "@millrace/protocol/definitions";

/** What is the same of all kinds of groups. */
export type GroupSettings = Omit<GroupMembershipOptions, "assignors" | "topics">;

/** What one kind of group says in its joins: consumers share partitions, registries choose their leader. */
export interface GroupProtocol {
  /** Kafka's `protocol_type`. */
  readonly type: string;
  /** As of now, in order of preference. */
  offers(): readonly { readonly name: string; readonly metadata: Uint8Array }[];
  /** What the member that leads the group gives to each; no assignments: they keep what they have. */
  lead(joined: JoinGroupResponse, signal: AbortSignal | undefined): Promise<GroupLead>;
}

export interface GroupLead {
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[];
  /** The partitions of the members' topics that they were made for; 0: not there. */
  readonly counts: ReadonlyMap<string, number>;
}
