import type { TopicPartition } from "@millrace/model";

type Told = (partitions: readonly TopicPartition[]) => void | Promise<void>;

/**
 * Is told of the partitions that a group gives and takes, by the loop that reads, which waits for what is returned; what
 * is thrown ends the loop (Kafka: `ConsumerRebalanceListener`).
 */
export interface RebalanceListener {
  /** After each rebalance: what has come beside what was kept, if anything. `seek` may move it. */
  readonly onPartitionsAssigned?: Told;
  /** What is to be given up, while `commit` still counts. */
  readonly onPartitionsRevoked?: Told;
  /** What may belong to another member already, as the group has forgotten this one. Without it `onPartitionsRevoked` is told. */
  readonly onPartitionsLost?: Told;
}

const names = ["onPartitionsAssigned", "onPartitionsRevoked", "onPartitionsLost"] as const;

export function isRebalanceListener(given: unknown): given is RebalanceListener {
  if (typeof given !== "object" || given === null) return false;
  const told = names.map((name): unknown => (given as RebalanceListener)[name]);
  return (
    told.some((one) => one !== undefined) &&
    told.every((one) => one === undefined || typeof one === "function")
  );
}
