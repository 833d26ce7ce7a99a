import { topicPartitionName, type TopicPartition } from "@millrace/model";
import type { TransactionMarker } from "../src/coordinator/coordinator-log.ts";
import type { MarkerOutcome, MarkerWriter } from "../src/coordinator/marker-writer.ts";

/** Keeps the markers of users' partitions; those in `failing` cannot be written. */
export class MemoryMarkerWriter implements MarkerWriter {
  readonly written = new Map<string, TransactionMarker[]>();
  readonly failing = new Set<string>();

  write(
    marker: TransactionMarker,
    partitions: readonly TopicPartition[],
  ): Promise<readonly MarkerOutcome[]> {
    return Promise.resolve(partitions.map((partition) => this.#write(marker, partition)));
  }

  #write(marker: TransactionMarker, { topic, partition }: TopicPartition): MarkerOutcome {
    const name = topicPartitionName(topic, partition);
    if (this.failing.has(name)) return "failed";
    const markers = this.written.get(name) ?? [];
    this.written.set(name, markers);
    const last = markers.findLast(({ producerId }) => producerId === marker.producerId);
    const isWritten =
      marker.transactionVersion === 2 && last?.producerEpoch === marker.producerEpoch;
    if (!isWritten) markers.push(marker);
    return "written";
  }
}
