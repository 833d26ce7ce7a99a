import type { KafkaClient } from "@millrace/client";
import type { OffsetAndMetadata } from "@millrace/cluster";
import { topicPartitionName, type Offset, type TopicPartition } from "@millrace/model";

import { CommandError } from "./command-error.ts";
import type { OffsetRange, StoredRecord } from "./read-ranges.ts";

/** Longest text beside an offset that brokers take, unless they are told otherwise (`offset.metadata.max.bytes`). */
const textLengthMax = 4096;
const mark = "millrace replayed ";

interface Replayed {
  readonly next: Offset;
  /** Those at or above `next`. */
  readonly singles: ReadonlySet<Offset>;
}

const nothing: Replayed = { next: 0, singles: new Set() };

/**
 * Which letters a group has replayed: all below its committed offset, and those that were taken singly before their turn,
 * which are named in the text beside the offset. So both are committed with the records that were written.
 */
export class ReplayProgress {
  readonly #replayed: Map<string, Replayed>;

  private constructor(replayed: Map<string, Replayed>) {
    this.#replayed = replayed;
  }

  static async read(
    { admin }: KafkaClient,
    group: string,
    signal: AbortSignal,
  ): Promise<ReplayProgress> {
    const offsets = await admin.groupOffsets(group, signal);
    return new ReplayProgress(
      new Map(
        offsets.map(({ topic, partition, offset, metadata = "" }) => [
          topicPartitionName(topic, partition),
          { next: offset, singles: new Set(offsetsIn(metadata).filter((one) => one >= offset)) },
        ]),
      ),
    );
  }

  has(letter: TopicPartition & { readonly offset: Offset }): boolean {
    const { next, singles } = this.#of(letter);
    return letter.offset < next || singles.has(letter.offset);
  }

  /** What lies behind the committed offsets, which letters that were replayed singly may be among. */
  rest(present: readonly OffsetRange[]): readonly OffsetRange[] {
    return present.map((one) => ({ ...one, from: Math.max(one.from, this.#of(one).next) }));
  }

  /** All below these was replayed, or left out. @returns what to commit */
  advance(
    positions: readonly (TopicPartition & { readonly offset: Offset })[],
  ): readonly OffsetAndMetadata[] {
    return positions.map((one) => this.#note(one, one.offset, [...this.#of(one).singles]));
  }

  /**
   * These were replayed singly. @returns what to commit
   *
   * @throws CommandError: they cannot be told any more
   */
  add(letters: readonly StoredRecord[]): readonly OffsetAndMetadata[] {
    const byPartition = Map.groupBy(letters, ({ topic, partition }) =>
      topicPartitionName(topic, partition),
    );
    return [...byPartition.values()].map((some) => {
      const { next, singles } = this.#of(some[0]);
      return this.#note(some[0], next, [...singles, ...some.map(({ offset }) => offset)]);
    });
  }

  #note(
    { topic, partition }: TopicPartition,
    next: Offset,
    offsets: readonly Offset[],
  ): OffsetAndMetadata {
    const singles = new Set(offsets.filter((one) => one >= next));
    const metadata = textOf(singles);
    if (metadata.length > textLengthMax)
      throw new CommandError(
        `${topicPartitionName(topic, partition)}: more letters were replayed singly than can be noted beside an offset; replay all that are left, without --letter`,
      );
    this.#replayed.set(topicPartitionName(topic, partition), { next, singles });
    return { topic, partition, offset: next, metadata };
  }

  #of({ topic, partition }: TopicPartition): Replayed {
    return this.#replayed.get(topicPartitionName(topic, partition)) ?? nothing;
  }
}

/** Such as `millrace replayed 3 7-9`. */
function textOf(offsets: ReadonlySet<Offset>): string {
  const ranges: [first: Offset, last: Offset][] = [];
  for (const offset of [...offsets].toSorted((one, other) => one - other)) {
    const range = ranges.at(-1);
    if (range?.[1] === offset - 1) range[1] = offset;
    else ranges.push([offset, offset]);
  }
  if (ranges.length === 0) return "";
  return (
    mark + ranges.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(" ")
  );
}

/** Text of anybody else says nothing. */
function offsetsIn(text: string): readonly Offset[] {
  if (!text.startsWith(mark)) return [];
  return text
    .slice(mark.length)
    .split(" ")
    .flatMap((range) => {
      const [first, last = first] = range.split("-").map(Number);
      return Array.from(
        { length: Math.max(0, last - first + 1) || 0 },
        (_, index) => first + index,
      );
    });
}
