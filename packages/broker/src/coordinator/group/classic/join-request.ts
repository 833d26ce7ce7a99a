import type { JoinGroupAnswer, Reply } from "./group-answers.ts";
import type { GroupProtocol } from "./group-member.ts";

export interface JoinGroupRequest {
  readonly groupId: string;
  /** Empty: not yet known to the group. */
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  /** As Kafka writes it, such as `User:ann`. */
  readonly principal: string;
  readonly protocolType: string;
  /** Owned by the group from now on. */
  readonly protocols: readonly GroupProtocol[];
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /**
   * Version 4 and later: a new dynamic member must join again with the id it is given (KIP-394).
   */
  readonly requiresKnownMemberId: boolean;
  /** Version 9 and later (KIP-814). */
  readonly canSkipAssignment: boolean;
}

/** A join and where its answer goes. */
export interface Join {
  readonly request: JoinGroupRequest;
  readonly reply: Reply<JoinGroupAnswer>;
}
