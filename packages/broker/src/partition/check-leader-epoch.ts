import { KafkaError } from "@millrace/protocol";
import type { Partition } from "./partition.ts";

/**
 * Fences clients whose metadata is of another start of the broker (KIP-320); -1 is no epoch.
 *
 * @throws KafkaError `FENCED_LEADER_EPOCH`, `UNKNOWN_LEADER_EPOCH`
 */
export function checkLeaderEpoch(partition: Partition, currentLeaderEpoch: number): void {
  if (currentLeaderEpoch < 0 || currentLeaderEpoch === partition.leaderEpoch) return;
  throw new KafkaError(
    currentLeaderEpoch < partition.leaderEpoch ? "FENCED_LEADER_EPOCH" : "UNKNOWN_LEADER_EPOCH",
  );
}
