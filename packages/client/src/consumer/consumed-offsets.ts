import type { OffsetAndMetadata } from "@millrace/cluster";
import { topicPartitionName, type Offset, type TopicPartition } from "@millrace/model";

type Position = TopicPartition & { readonly offset: Offset };

interface Consumed extends TopicPartition {
  /** Next offset after all that is processed. */
  position: Offset;
  /** What the group has; -1: nothing that is known. */
  committed: Offset;
  /** Where reading began, or was moved to. */
  start: Offset;
  /** Behind the last record that was given since then; -1: none. */
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

  /** Partitions are given up. */
  revoke(partitions: readonly TopicPartition[]): void {
    const names = new Set(partitions.map(nameOf));
    this.isFenced ||= this.untold().some((one) => names.has(nameOf(one)));
    for (const name of names) this.#partitions.delete(name);
  }

  /** All below is processed. */
  move({ topic, partition }: TopicPartition, position: Offset): void {
    const known = this.#partitions.get(topicPartitionName(topic, partition));
    if (known !== undefined)
      Object.assign(known, { position, start: position, given: -1, told: -1 });
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

  /** What was given and no offset told to the program counts: where the first such record of each partition is. */
  untold(): readonly Position[] {
    return [...this.#partitions.values()]
      .filter(({ given, told }) => given > told)
      .map(({ topic, partition, start, told }) => ({
        topic,
        partition,
        offset: Math.max(start, told),
      }));
  }

  /** Partitions whose offsets the program was told to commit by itself, and may not have committed. */
  unconfirmed(): readonly TopicPartition[] {
    return [...this.#partitions.values()].filter(
      ({ told, committed }) => told !== -1 && told !== committed,
    );
  }

  /**
   * What the group has of partitions that were not confirmed, after its generation has ended: nothing of before is
   * committed any more.
   *
   * @returns where partitions go back to, as their transaction was refused
   */
  confirm(committed: readonly Position[]): readonly Position[] {
    const offsets = new Map(committed.map((one) => [nameOf(one), one.offset]));
    return [...this.#partitions.values()].flatMap((known): Position[] => {
      const { topic, partition, told, given } = known;
      if (told === -1 || told === known.committed) return [];
      const offset = offsets.get(nameOf(known));
      if (offset !== undefined) known.committed = offset;
      if (offset !== undefined && offset >= told) return [];
      this.isFenced ||= given > told;
      return [{ topic, partition, offset: offset ?? known.start }];
    });
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

function nameOf({ topic, partition }: TopicPartition): string {
  return topicPartitionName(topic, partition);
}
