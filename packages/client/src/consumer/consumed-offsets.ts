import type { OffsetAndMetadata } from "@millrace/cluster";
import { topicPartitionName, type Offset, type TopicPartition } from "@millrace/model";

interface Consumed extends TopicPartition {
  /** Next offset after all that is processed. */
  position: Offset;
  /** What the group has; -1: nothing that is known. */
  committed: Offset;
}

/** How far a consumer is in each of its partitions, and how much of that its group knows. */
export class ConsumedOffsets {
  readonly #partitions = new Map<string, Consumed>();

  /** Begins to count a partition. */
  begin(
    { topic, partition }: TopicPartition,
    at: { readonly position: Offset; readonly committed: Offset },
  ): void {
    this.#partitions.set(topicPartitionName(topic, partition), { topic, partition, ...at });
  }

  forget({ topic, partition }: TopicPartition): void {
    this.#partitions.delete(topicPartitionName(topic, partition));
  }

  clear(): void {
    this.#partitions.clear();
  }

  /** All below is processed. */
  move({ topic, partition }: TopicPartition, position: Offset): void {
    const known = this.#partitions.get(topicPartitionName(topic, partition));
    if (known !== undefined) known.position = position;
  }

  /** The same, never back. */
  advance(partition: TopicPartition, position: Offset): void {
    const known = this.#partitions.get(topicPartitionName(partition.topic, partition.partition));
    if (known !== undefined && known.position < position) known.position = position;
  }

  /** What is processed and not committed yet. */
  uncommitted(): readonly OffsetAndMetadata[] {
    const offsets: OffsetAndMetadata[] = [];
    for (const { topic, partition, position, committed } of this.#partitions.values())
      if (position !== committed) offsets.push({ topic, partition, offset: position });
    return offsets;
  }

  committed(offsets: readonly OffsetAndMetadata[]): void {
    for (const { topic, partition, offset } of offsets) {
      const known = this.#partitions.get(topicPartitionName(topic, partition));
      if (known !== undefined) known.committed = offset;
    }
  }
}
