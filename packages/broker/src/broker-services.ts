import type { ReadMemory } from "@millrace/log";
import type { Platform } from "@millrace/platform";
import type { BrokerConfig } from "./config/broker-config.ts";
import type { DeletedTopic } from "./coordinator/group/group-coordinator.ts";
import type { TransactionVerifier } from "./coordinator/transaction-verifier.ts";
import type { MetadataImage } from "./metadata/metadata-image.ts";
import type { MetadataStore } from "./metadata/metadata-store.ts";
import type { TopicMetrics } from "./metrics/topic-metrics.ts";
import type { FetchSessions } from "./fetch/fetch-sessions.ts";
import type { PartitionBound } from "./partition/partition-bound.ts";
import type { Partitions } from "./partition/partitions.ts";
import type { DelegationTokenIssuer } from "./security/authentication/delegation-token-issuer.ts";
import type { ShareDeliveries } from "./delivery/share-deliveries.ts";
import type { StorageGuard } from "./partition/storage-guard.ts";

/** What the handlers work with. */
export interface BrokerServices {
  readonly platform: Platform;
  readonly config: BrokerConfig;
  readonly cluster: ClusterIdentity;
  readonly metadata: MetadataStore;
  /** Of `metadata`, at hand. */
  readonly image: MetadataImage;
  readonly partitions: Partitions;
  readonly partitionBound: PartitionBound;
  readonly fetchSessions: FetchSessions;
  /** For what is read from files to be sent. */
  readonly readMemory: ReadMemory;
  readonly storage: StorageGuard;
  /** Where everything is kept. */
  readonly dataDirectory: string;
  readonly topicMetrics: TopicMetrics;
  /** To share groups. */
  readonly deliveries: ShareDeliveries;
  readonly tokens: DelegationTokenIssuer;
  readonly verifier: TransactionVerifier;
  /** Groups forget what they have of the topic. */
  readonly topicDeleted: (topic: DeletedTopic) => Promise<void>;
}

/** The one node of this cluster, as clients are told. */
export interface ClusterIdentity {
  readonly clusterId: string;
  readonly nodeId: number;
  /** Where clients of a listener reach it: `advertised.listeners`, or what is bound. */
  readonly endpoint: (listener: string) => { readonly host: string; readonly port: number };
}
