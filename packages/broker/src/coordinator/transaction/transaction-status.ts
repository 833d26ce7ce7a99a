/**
 * Where a transactional id stands (Kafka: `TransactionState`).
 *
 *      InitProducerId                AddPartitions, AddOffsets, Produce (TV2)
 *     ───────────────▶ Empty ───────────────────────────▶ Ongoing ◀──┐
 *                       ▲ │ │                              │    │    │ next transaction
 *        InitProducerId │ │ └── abort, TV2 ──┐     commit  │    │    │
 *                       │ │                  ▼             ▼    │    │
 *                       │ │     PrepareAbort ◀─ abort,     PrepareCommit
 *                       │ │          │          timeout,      │
 *                       │ │          │ markers  fencing       │ markers durable
 *                       │ │          ▼ durable                ▼
 *                       └─┴── CompleteAbort              CompleteCommit ──▶ (Empty, Ongoing,
 *                                                                           PrepareAbort in TV2)
 */
export type TransactionStatus =
  | "Empty"
  | "Ongoing"
  | "PrepareCommit"
  | "PrepareAbort"
  | "CompleteCommit"
  | "CompleteAbort"
  | "Dead"
  | "PrepareEpochFence";

/** By the number that stands in the log. The last two are Kafka's own and are never written. */
export const transactionStatuses: readonly TransactionStatus[] = [
  "Empty",
  "Ongoing",
  "PrepareCommit",
  "PrepareAbort",
  "CompleteCommit",
  "CompleteAbort",
  "Dead",
  "PrepareEpochFence",
];

const predecessors: Readonly<Record<TransactionStatus, readonly TransactionStatus[]>> = {
  Empty: ["Empty", "CompleteCommit", "CompleteAbort"],
  Ongoing: ["Ongoing", "Empty", "CompleteCommit", "CompleteAbort"],
  PrepareCommit: ["Ongoing"],
  PrepareAbort: ["Ongoing", "Empty", "CompleteCommit", "CompleteAbort"],
  CompleteCommit: ["PrepareCommit"],
  CompleteAbort: ["PrepareAbort"],
  Dead: ["Empty", "CompleteCommit", "CompleteAbort"],
  PrepareEpochFence: ["Ongoing"],
};

export function mayFollow(previous: TransactionStatus, next: TransactionStatus): boolean {
  return predecessors[next].includes(previous);
}

/** Point of no return: markers are on their way. */
export function isPrepared(status: TransactionStatus): status is "PrepareCommit" | "PrepareAbort" {
  return status === "PrepareCommit" || status === "PrepareAbort";
}

/** No transaction is open, or about to be decided: the id may be forgotten. */
export function isAtRest(status: TransactionStatus): boolean {
  return mayFollow(status, "Dead");
}
