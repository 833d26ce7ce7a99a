import { equalBytes, invariant, noBytes } from "@millrace/model";
import type { JoinGroupAnswer, Reply, SyncGroupAnswer } from "./group-answers.ts";

/** A protocol (of a consumer: an assignor) that a member offers, in its order of preference. */
export interface GroupProtocol {
  readonly name: string;
  /** Opaque to the broker; owned by the member. */
  readonly metadata: Uint8Array;
}

export interface GroupMemberOptions {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  readonly protocolType: string;
  readonly protocols: readonly GroupProtocol[];
  readonly assignment?: Uint8Array;
}

/** One member of a classic group (Kafka: `ClassicGroupMember`). */
export class GroupMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly protocolType: string;
  rebalanceTimeoutMs: number;
  sessionTimeoutMs: number;
  protocols: readonly GroupProtocol[];
  assignment: Uint8Array;
  /** True until the first join is answered: it has no id to send heartbeats with. */
  isNew = false;
  /** The join that waits for the others. */
  joinReply: Reply<JoinGroupAnswer> | undefined;
  /** The sync that waits for the leader's assignment. */
  syncReply: Reply<SyncGroupAnswer> | undefined;

  constructor(options: GroupMemberOptions) {
    this.memberId = options.memberId;
    this.groupInstanceId = options.groupInstanceId;
    this.clientId = options.clientId;
    this.clientHost = options.clientHost;
    this.protocolType = options.protocolType;
    this.rebalanceTimeoutMs = options.rebalanceTimeoutMs;
    this.sessionTimeoutMs = options.sessionTimeoutMs;
    this.protocols = options.protocols;
    this.assignment = options.assignment ?? noBytes;
  }

  get isStatic(): boolean {
    return this.groupInstanceId !== null;
  }

  get isAwaitingJoin(): boolean {
    return this.joinReply !== undefined;
  }

  get isAwaitingSync(): boolean {
    return this.syncReply !== undefined;
  }

  /**
   * A member that waits for us cannot send heartbeats, so its session goes on; except in its first
   * join.
   */
  get hasSatisfiedHeartbeat(): boolean {
    return !this.isNew && (this.isAwaitingJoin || this.isAwaitingSync);
  }

  metadataOf(protocolName: string): Uint8Array {
    const protocol = this.protocols.find(({ name }) => name === protocolName);
    invariant(protocol !== undefined, "GROUP-1", { memberId: this.memberId, protocolName });
    return protocol.metadata;
  }

  offers(protocolName: string): boolean {
    return this.protocols.some(({ name }) => name === protocolName);
  }

  hasSameProtocols(protocols: readonly GroupProtocol[]): boolean {
    return (
      protocols.length === this.protocols.length &&
      protocols.every(
        ({ name, metadata }, index) =>
          name === this.protocols[index].name &&
          equalBytes(metadata, this.protocols[index].metadata),
      )
    );
  }

  /** The first of its protocols that is a candidate. */
  vote(candidates: ReadonlySet<string>): string {
    const protocol = this.protocols.find(({ name }) => candidates.has(name));
    invariant(protocol !== undefined, "GROUP-1", { memberId: this.memberId });
    return protocol.name;
  }

  /** Answers a join that waits; false if none does. */
  completeJoin(answer: JoinGroupAnswer): boolean {
    const reply = this.joinReply;
    this.joinReply = undefined;
    reply?.(answer);
    return reply !== undefined;
  }

  /** Answers a sync that waits; false if none does. */
  completeSync(answer: SyncGroupAnswer): boolean {
    const reply = this.syncReply;
    this.syncReply = undefined;
    reply?.(answer);
    return reply !== undefined;
  }
}
