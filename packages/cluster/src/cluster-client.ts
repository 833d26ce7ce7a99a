import type { BatchReader, BatchReaderOptions } from "./batch-reader.ts";
import type { BatchWriter, BatchWriterOptions } from "./batch-writer.ts";
import type { ClusterAdmin } from "./cluster-admin.ts";
import type { CapableClient } from "./cluster-capabilities.ts";
import type { GroupMembership, GroupMembershipOptions } from "./group-membership.ts";
import type { StreamsMembership, StreamsMembershipOptions } from "./streams-membership.ts";

/**
 * The port through which a program reaches a cluster. `client` implements it over Kafka's protocol;
 * `streams` knows nothing else of brokers. What is not among its `capabilities` it refuses with the ClusterError
 * `UNSUPPORTED_BY_CLIENT`, where a call asks for it.
 */
export interface ClusterClient extends CapableClient, AsyncDisposable {
  readonly admin: ClusterAdmin;
  openReader(options: BatchReaderOptions): BatchReader;
  openWriter(options: BatchWriterOptions): BatchWriter;
  openMembership(options: GroupMembershipOptions): GroupMembership;
  openStreamsMembership(options: StreamsMembershipOptions): StreamsMembership;
  /** Closes what is still open of the above too. Ends within its timeout, brokers or not. */
  close(): Promise<void>;
}
