import type { OffsetAndMetadata } from "@millrace/cluster";
import { topicPartitionName, type Offset, type TopicPartition } from "@millrace/model";

interface Consumed extends TopicPartition {
  /** Next offset after all that is processed. */
  position: Offset;
  /** What the group has; -1: nothing that is known. */
  committed: Offset;
  /** Where reading began. */
  readonly start: Offset;
  /** Behind the last record that was given since then, or since the last move; -1: none. */
  given: Offset;
  /** Up to where the program was told, or has committed, since then. */
  told: Offset;
}

/** How far a consumer is in each of its partitions, and how much of that its group knows. */
export class ConsumedOffsets {
  readonly #partitions = new Map<string, Consumed>();
  /** True: partitions were given up of which a transaction had records whose offsets it was not told. */
  isFenced = false;

  /** Begins to count a partition. */
  begin(
    { topic, partition }: TopicPartition,
    at: { readonly position: Offset; readonly committed: Offset },
  ): void {
    const since = { start: at.position, given: -1, told: -1 };
    this.#partitions.set(topicPartitionName(topic, partition), {
      topic,
      partition,
      ...at,
      ...since,
    });
  }

  forget({ topic, partition }: TopicPartition): void {
    this.#partitions.delete(topicPartitionName(topic, partition));
  }

  /** All partitions are given up. */
  clear(): void {
    this.isFenced ||= this.untold().length > 0;
    this.#partitions.clear();
  }

  /** All below is processed. */
  move({ topic, partition }: TopicPartition, position: Offset): void {
    const known = this.#partitions.get(topicPartitionName(topic, partition));
    if (known !== undefined) Object.assign(known, { position, given: -1, told: -1 });
  }

  /** The same, never back. */
  advance(partition: TopicPartition, position: Offset): void {
    const known = this.#partitions.get(topicPartitionName(partition.topic, partition.partition));
    if (known !== undefined && known.position < position) known.position = position;
  }

  /** A record was given, and is processed; the next one has this offset. */
  give(partition: TopicPartition, nextOffset: Offset): void {
    const known = this.#partitions.get(topicPartitionName(partition.topic, partition.partition));
    if (known === undefined) return;
    known.given = nextOffset;
    if (known.position < nextOffset) known.position = nextOffset;
  }

  /** The program knows all that was given now, and commits it by itself. */
  tellAll(offsets: readonly OffsetAndMetadata[]): void {
    for (const known of this.#partitions.values()) known.told = known.position;
    this.#tell(offsets);
  }

  #tell(offsets: readonly OffsetAndMetadata[]): void {
    for (const { topic, partition, offset } of offsets) {
      const known = this.#partitions.get(topicPartitionName(topic, partition));
      if (known !== undefined) known.told = Math.max(known.told, offset);
    }
  }

  /** Where reading began of the partitions of which records were given that no offset told to the program counts. */
  untold(): readonly (TopicPartition & { readonly offset: Offset })[] {
    return [...this.#partitions.values()]
      .filter(({ given, told }) => given > told)
      .map(({ topic, partition, start }) => ({ topic, partition, offset: start }));
  }

  /** What is processed and not committed yet. */
  uncommitted(): readonly OffsetAndMetadata[] {
    const offsets: OffsetAndMetadata[] = [];
    for (const { topic, partition, position, committed } of this.#partitions.values())
      if (position !== committed) offsets.push({ topic, partition, offset: position });
    return offsets;
  }

  committed(offsets: readonly OffsetAndMetadata[]): void {
    this.#tell(offsets);
    for (const { topic, partition, offset } of offsets) {
      const known = this.#partitions.get(topicPartitionName(topic, partition));
      if (known !== undefined) known.committed = offset;
    }
  }
}
