import { ClusterError } from "./cluster-error.ts";

/** What a client of a cluster may be able to do, in words that end "this client has no …". */
export const clusterCapabilities = {
  /** Writers with a `transactionalId` (KIP-98). */
  transactions: "transactions",
  /** `sendOffsets` is refused once the group has given the member's partitions away (KIP-447). */
  "fenced-offsets": "offsets in a transaction that the group's generation fences (KIP-447)",
  /** `committed` waits while a transaction with offsets is pending (KIP-447). */
  "stable-offsets": "committed offsets that wait for pending transactions (KIP-447)",
  /** Members with a `groupInstanceId` (KIP-345). */
  "static-membership": "static members of a group (KIP-345)",
  /** Members of groups whose tasks the broker shares out (KIP-1071). */
  "streams-groups": "members of streams groups (KIP-1071)",
  /** A topic that was deleted and made anew is told from the one it replaces (KIP-516). */
  "topic-ids": "ids of topics (KIP-516)",
  /** Records that a new leader has lost are told by `OffsetOutOfRangeError.divergentOffset` (KIP-320). */
  "leader-epochs": "epochs of leaders (KIP-320)",
  /** Checksums are verified; an unreadable batch is told with its place and bytes, and can be skipped. */
  "batch-checks": "checks of what it reads, so that a damaged batch could be told and skipped",
  /** Headers keep their order, also of one name, and may have no value. */
  "exact-headers": "headers without a value, or in their order",
  /** Writers with `compression: "zstd"`. */
  zstd: "zstd",
} as const;

export type ClusterCapability = keyof typeof clusterCapabilities;

/** All of them, as our own client has. */
export const allClusterCapabilities: ReadonlySet<ClusterCapability> = new Set(
  Object.keys(clusterCapabilities) as ClusterCapability[], // keys of a literal
);

/** Who says what it can do. */
export interface CapableClient {
  /** What it is called in messages, such as `kafkajs`. */
  readonly name: string;
  readonly capabilities: ReadonlySet<ClusterCapability>;
}

/**
 * Refuses what a client cannot do, before anything is begun with it.
 *
 * @param use what needs it, such as `processingGuarantee: "exactly_once"`
 * @throws ClusterError `UNSUPPORTED_BY_CLIENT`
 */
export function requireCapability(
  { name, capabilities }: CapableClient,
  capability: ClusterCapability,
  { use, instead }: { readonly use: string; readonly instead: string },
): void {
  if (capabilities.has(capability)) return;
  throw new ClusterError(
    "UNSUPPORTED_BY_CLIENT",
    `${use} needs what ${name} does not have: ${clusterCapabilities[capability]}. ${instead}`,
  );
}
