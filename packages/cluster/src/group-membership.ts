import type { Offset, TopicPartition } from "@millrace/model";
import type { GroupMetadata, OffsetAndMetadata } from "./offset-and-metadata.ts";

export interface GroupMembershipOptions {
  readonly groupId: string;
  /** Static membership (KIP-345): a restart with the same id takes its own seat again. */
  readonly groupInstanceId?: string;
  /** Where this member runs (Kafka: `client.rack`). */
  readonly rackId?: string;
  /** In order of preference. */
  readonly assignors: readonly PartitionAssignor[];
  /** Topics, known at each join. */
  readonly topics: () => readonly string[];
  /** Default 45,000. */
  readonly sessionTimeoutMs?: number;
  /** Default 3,000. */
  readonly heartbeatIntervalMs?: number;
  /** How long a member may take to rejoin, at most. Default 300,000. */
  readonly rebalanceTimeoutMs?: number;
}

/**
 * One member of a consumer group: the owner joins, works, and joins again when it is asked to, having committed and
 * given up everything first, unless the membership keeps partitions. Heartbeats go on by themselves.
 */
export interface GroupMembership {
  /**
   * True: partitions stay the owner's while it joins again (Kafka: `RebalanceProtocol.COOPERATIVE`). It goes on with
   * them, and gives up what an answer of `join` is without; `needsJoin` is true then, and the next `join` tells the
   * group. Lost is all of it where `isMember` becomes false.
   */
  readonly keepsPartitions: boolean;
  /**
   * Joins or rejoins; the answer is what this member owns now. Waits as long as the group takes.
   * Rejects with a `ClusterError`: `MEMBER_FENCED` (another process has this instance id: final),
   * or what the assignor threw on the leader.
   */
  join(signal?: AbortSignal): Promise<MemberAssignment>;
  /** True once the group rebalances or has forgotten this member: stop, commit if `isMember`, and join. */
  readonly needsJoin: boolean;
  /**
   * Calls back as soon as `needsJoin` or `failure` is set, or `isMember` is false, or the generation has gone on without
   * a join: to end a poll early.
   */
  onChange(callback: () => void): void;
  /** False once the group has forgotten this member: what it owned is lost, commits would be refused. */
  readonly isMember: boolean;
  /**
   * By the wall clock, when this member asked last what the group then answered as to a member: nobody else had what it
   * owns until then. Whoever stood still since does not know what others have done. Undefined: not yet.
   */
  readonly confirmedMs: number | undefined;
  /** Fenced for ever, or not allowed: nothing but `close` helps. */
  readonly failure: Error | undefined;
  /** Asks the group to rebalance (such as after new metadata); `needsJoin` becomes true. */
  requestRejoin(reason: string): void;
  /** Asks the group at once what it would tell at the next heartbeat; nothing to a member that joins. */
  hear(): void;
  readonly groupMetadata: GroupMetadata;
  /** Committed offsets; stable ones only (waits while a transaction is pending). Partitions without one are left out. */
  committed(
    partitions: readonly TopicPartition[],
    signal?: AbortSignal,
  ): Promise<readonly OffsetAndMetadata[]>;
  /** Commits outside a transaction (at least once). */
  commit(offsets: readonly OffsetAndMetadata[], signal?: AbortSignal): Promise<void>;
  /**
   * Leaves the group; waits at most `timeoutMs`. A static member leaves by its instance id,
   * so that the others take over at once, unless `keepSeat`.
   */
  close(options?: { readonly timeoutMs?: number; readonly keepSeat?: boolean }): Promise<void>;
}

export interface MemberAssignment {
  readonly generationId: number;
  readonly partitions: readonly TopicPartition[];
  /** What the assignor sent along. */
  readonly userData: Uint8Array | null;
}

/** Kafka's `ConsumerPartitionAssignor`: runs in the member that leads the group. */
export interface PartitionAssignor {
  /** Name in the join request, such as `stream`. */
  readonly name: string;
  /**
   * What members do with their partitions while they join again; `eager` unless given. A group keeps them where all of
   * a member's assignors are `cooperative`: then what another member still has is not assigned before it has given it up.
   */
  readonly rebalanceProtocol?: "eager" | "cooperative";
  /** Bytes that this member tells the leader at each join. -1: it is of no generation. */
  subscriptionUserData(generationId: number): Uint8Array | null;
  /** Every member gets an entry. May ask the cluster, and create topics. */
  assign(group: GroupSubscription, signal?: AbortSignal): Promise<ReadonlyMap<string, Assignment>>;
}

export interface GroupSubscription {
  readonly members: readonly MemberSubscription[];
  /** Partition counts of all subscribed topics that exist. */
  readonly partitionCounts: ReadonlyMap<string, number>;
}

export interface MemberSubscription {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly topics: readonly string[];
  readonly userData: Uint8Array | null;
  /** What it has kept; none where it gives up all before it joins. */
  readonly ownedPartitions: readonly TopicPartition[];
  /** In which it was given them; -1: it does not say. */
  readonly generationId: number;
  /** Absent or null: it does not say. */
  readonly rackId?: string | null;
}

export interface Assignment {
  readonly partitions: readonly TopicPartition[];
  readonly userData: Uint8Array | null;
}

/** Where a partition without a committed offset starts. */
export type OffsetReset = "earliest" | "latest" | { readonly offset: Offset };
