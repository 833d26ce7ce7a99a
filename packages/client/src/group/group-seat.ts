import type { ClientContext } from "../client-context.ts";
import { ClassicMembership } from "./classic-membership.ts";
import type { GroupProtocol, GroupSettings } from "./group-protocol.ts";

export interface GroupSeatOptions extends GroupSettings {
  /** Kafka's `protocol_type`: members of one group have the same, such as `sr`. */
  readonly protocolType: string;
  /** Name of what the bytes below mean, such as `v0`. */
  readonly protocolName: string;
  /** What this member tells of itself, at each join. */
  metadata(): Uint8Array;
  /** Run by the member that leads: an entry for each. */
  assign(members: readonly GroupSeatMember[]): ReadonlyMap<string, Uint8Array>;
}

export interface GroupSeatMember {
  readonly memberId: string;
  readonly metadata: Uint8Array;
}

/** A seat in a group: as `GroupMembership`, with bytes for partitions. */
export interface GroupSeat {
  /** Joins or rejoins; gives what the leading member has assigned. Waits as long as the group takes. */
  join(signal?: AbortSignal): Promise<Uint8Array>;
  /** True once the group rebalances or has forgotten this member. */
  readonly needsJoin: boolean;
  /** False before the group may have given the seat away: after a session without an answer. */
  readonly isMember: boolean;
  /** Fenced for ever, or not allowed. */
  readonly failure: Error | undefined;
  /** Has the group assigned anew at the next join. */
  requestRejoin(reason: string): void;
  /** Calls back as soon as `needsJoin` or `failure` is set. */
  onChange(callback: () => void): void;
  /** Leaves the group; waits at most `timeoutMs`. */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
}

export function groupSeat(
  context: ClientContext,
  options: GroupSeatOptions,
  onClosed: () => void,
): GroupSeat {
  const membership = new ClassicMembership(context, options, protocolOf(options), onClosed);
  return {
    join: (signal) => membership.takeSeat(signal),
    get needsJoin() {
      return membership.needsJoin;
    },
    get isMember() {
      return membership.isMember;
    },
    get failure() {
      return membership.failure;
    },
    requestRejoin: (reason) => membership.requestRejoin(reason),
    onChange: (callback) => membership.onChange(callback),
    close: (closing) => membership.close(closing),
  };
}

function protocolOf(options: GroupSeatOptions): GroupProtocol {
  return {
    type: options.protocolType,
    keepsPartitions: false,
    offers: () => [{ name: options.protocolName, metadata: options.metadata() }],
    lead: async ({ members, skipAssignment }) => {
      const assigned = skipAssignment === true ? [] : options.assign(members);
      return {
        assignments: [...assigned].map(([memberId, assignment]) => ({ memberId, assignment })),
        counts: new Map(),
      };
    },
  };
}
