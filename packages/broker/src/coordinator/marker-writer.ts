import type { TopicPartition } from "@millrace/model";
import type { TransactionMarker } from "./coordinator-log.ts";

/** Ends transactions in the partitions of users' topics (Kafka: WriteTxnMarkers). */
export interface MarkerWriter {
  /**
   * Appends the marker to every partition and resolves once all that were written are durable; one
   * outcome per partition, in order. Writing the same marker again is fine: C15. Never rejects.
   */
  write(
    marker: TransactionMarker,
    partitions: readonly TopicPartition[],
  ): Promise<readonly MarkerOutcome[]>;
}

/**
 * - `written`: durable.
 * - `gone`: topic or partition no longer exist: nothing to end.
 * - `fenced`: the partition has seen a newer epoch of the producer or coordinator: somebody ended
 *   it.
 * - `failed`: try again later.
 */
export type MarkerOutcome = "written" | "gone" | "fenced" | "failed";
