import type { TopicPartition } from "@millrace/model";
import type { BatchReader, BatchReaderOptions } from "./batch-reader.ts";
import type { BatchWriter, BatchWriterOptions } from "./batch-writer.ts";
import type { ClusterAdmin } from "./cluster-admin.ts";
import type { GroupMembership, GroupMembershipOptions } from "./group-membership.ts";

/**
 * The port through which a program reaches a cluster. `client` implements it over Kafka's protocol;
 * `streams` knows nothing else of brokers.
 */
export interface ClusterClient extends AsyncDisposable {
  readonly capabilities: ReadonlySet<ClusterCapability>;
  readonly admin: ClusterAdmin;
  openReader(options: BatchReaderOptions): BatchReader;
  openWriter(options: BatchWriterOptions): BatchWriter;
  openMembership(options: GroupMembershipOptions): GroupMembership;
  /** Closes what is still open of the above too. Ends within its timeout, brokers or not. */
  close(): Promise<void>;
}

/** What an implementation can do beyond reading and writing. */
export type ClusterCapability = "transactions" | "staticMembership" | "ownAssignor" | "headers";

/** An offset to commit, with the text that is kept beside it. */
export interface OffsetAndMetadata extends TopicPartition {
  /** The next offset to read. */
  readonly offset: number;
  /** -1 where unknown. */
  readonly leaderEpoch?: number;
  readonly metadata?: string;
}

/** Who commits: fences offset commits of members that left the group (KIP-447). */
export interface GroupMetadata {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}
